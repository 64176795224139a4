"""Slack's dialect: text that cannot ping anybody nor link anywhere, and the blocks that stand under a page.

Pure functions; knows nothing of the Web API's client or of events.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.events import Cite, Offer
from bot.render.links import unfinished, unlinked
from bot.render.safe import Cleaner, clean, line

Block = dict[str, Any]

PART = 11_000
"""Characters of a page in one message; all markdown blocks of a message may hold 12,000."""
WINDOW = 3000
"""Characters that a field of a form may hold."""

VALUE, LABEL, IN_CONTEXT, BUTTONS = 2000, 75, 2900, 20

_PING = re.compile(r"<(?=[!@#])")
_SHOUT = re.compile(r"@(?=channel\b|here\b|everyone\b)", re.IGNORECASE)
_MARKER = re.compile(r"\s{0,8}\[\d{1,3}\]")
_ENTITY = re.compile(r"<([@#!]?)([^|<>\s]+)(?:\|([^<>]*))?>")


def quiet(text: str) -> str:
    """``text`` in which nothing names a person, a channel or everybody to Slack."""
    return _SHOUT.sub("@\u2060", _PING.sub("‹", text))


class Quieter:
    """The same for text that comes in deltas; also cleans it, and lets links lead only to ``hosts``. The
    last word is held until it is clear that it is neither a mention nor a link."""

    def __init__(self, hosts: Collection[str] = ()) -> None:
        self._cleaner = Cleaner()
        self._hosts = hosts
        self._held = ""

    def feed(self, delta: str) -> str:
        text = self._held + self._cleaner.feed(delta)
        clear = unfinished(text)
        self._held = text[clear:]
        return unlinked(quiet(text[:clear]), self._hosts)

    def close(self) -> str:
        text, self._held = self._held + self._cleaner.close(), ""
        return unlinked(quiet(text), self._hosts)


def escape(text: str) -> str:
    """``text`` for a mrkdwn field, on one line, without links."""
    return _SHOUT.sub("@\u2060", marked(unlinked(line(text))))


def plain(text: str, names: Mapping[str, str] | None = None) -> str:
    """What a person wrote, without Slack's marks: links and mentions as they read."""

    def shown(found: re.Match[str]) -> str:
        sort, target, label = found[1], found[2], found[3]
        if sort == "@":
            return f"@{(names or {}).get(target) or label or target}"
        if sort:
            return f"{'#' if sort == '#' else '@'}{label or target.split('^')[0]}"
        return f"{label} ({target})" if label and label != target else target

    return _ENTITY.sub(shown, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def marked(text: str) -> str:
    """``text`` as Slack would bring it: `plain` gives it back."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> Block:
    return {"type": "markdown", "text": text}


def context(rows: Sequence[str]) -> list[Block]:
    """Small print. A block holds ten rows."""
    elements = [{"type": "mrkdwn", "text": row[:IN_CONTEXT], "verbatim": True} for row in rows if row.strip()]
    return [{"type": "context", "elements": elements[at : at + 10]} for at in range(0, len(elements), 10)]


def citations(cites: Sequence[Cite]) -> list[Block]:
    return context([f"[{cite.n}] {escape(cite.title)[:300]}" for cite in cites])


def actions(offers: Sequence[Offer], turn: str, message: str) -> list[Block]:
    """Buttons that know what they do, of which turn, and which message they answer; they need no memory
    here, so they work after a restart."""
    elements = [
        {
            "type": "button",
            "action_id": f"do:{number}",
            "text": {"type": "plain_text", "text": line(offer.label)[:LABEL] or offer.action},
            "value": _value(offer, turn, message),
        }
        for number, offer in enumerate(offers[:BUTTONS])
    ]
    return [{"type": "actions", "elements": elements}] if elements else []


def _value(offer: Offer, turn: str, message: str) -> str:
    """What is said after the press goes along whole; where it does not fit, it is that message said again ("a")."""
    given = {"v": offer.action, "r": offer.ref[:400], "t": offer.turn or turn, "m": message}
    for more in ({"q": offer.ask}, {"a": "1" if offer.ask else ""}):
        value = json.dumps({key: one for key, one in {**given, **more}.items() if one}, ensure_ascii=False)
        if len(value) <= VALUE:
            return value
    return json.dumps({"v": offer.action, "t": offer.turn or turn})


def feedback(turn: str) -> list[Block]:
    """Two thumbs; what is pressed is rated in the ledger."""

    def side(label: str, ref: str) -> dict[str, Any]:
        return {
            "text": {"type": "plain_text", "text": label},
            "value": json.dumps({"v": "rate", "r": ref, "t": turn}),
            "accessibility_label": label,
        }

    pair = {"positive_button": side("Good", "up"), "negative_button": side("Not good", "down")}
    return [{"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "rate", **pair}]}]


def realign(final: str, bodies: Sequence[str]) -> list[str] | None:
    """``final`` cut where ``bodies`` (which lack its markers) are cut; None when it is another text."""
    parts, at = [], 0
    for body in bodies:
        begin, wanted = at, 0
        while wanted < len(body):
            marker = _MARKER.match(final, at)
            if marker and not _MARKER.match(body, wanted):
                at = marker.end()
            elif at < len(final) and final[at] == body[wanted]:
                at, wanted = at + 1, wanted + 1
            elif body[wanted].isspace():
                wanted += 1
            elif at < len(final) and final[at].isspace():
                at += 1
            else:
                return None
        marker = _MARKER.match(final, at)
        while marker:
            at = marker.end()
            marker = _MARKER.match(final, at)
        parts.append(final[begin:at])
    return parts if parts and not final[at:].strip() else None


def settings_modal(
    shows: Sequence[str], formats: Sequence[str], now: Mapping[str, str], deciders: Sequence[str], private: str
) -> Block:
    """A room's settings as a form. ``now`` has show, format and note as they are."""

    def options(names: Sequence[str]) -> list[Block]:
        return [{"text": {"type": "plain_text", "text": name[:75]}, "value": name[:150]} for name in names[:100]]

    def pick(name: str, label: str, names: Sequence[str], chosen: str) -> Block:
        element: Block = {"type": "static_select", "action_id": name, "options": options(names)}
        if chosen in names:
            element["initial_option"] = options([chosen])[0]
        return _input(name, label, element)

    note: Block = {"type": "plain_text_input", "action_id": "note", "multiline": True, "max_length": 2000}
    if now.get("note"):
        note["initial_value"] = clean(now["note"])[:2000]
    people: Block = {"type": "multi_users_select", "action_id": "deciders"}
    if deciders:
        people["initial_users"] = list(deciders)
    blocks = [
        *([pick("show", "Show", shows, now.get("show", ""))] if shows else []),
        _input("new_show", "… or a new show, by its name", {"type": "plain_text_input", "action_id": "new_show"}),
        pick("format", "Format of new threads", formats, now.get("format", "")),
        _input("note", "A note that every answer here heeds", note),
        _input("deciders", "Who may change canon (nobody: everyone)", people),
    ]
    return {
        "type": "modal",
        "callback_id": "settings",
        "title": {"type": "plain_text", "text": "This room"},
        "submit": {"type": "plain_text", "text": "Save"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": private,
        "blocks": blocks,
    }


def edit_modal(text: str, private: str) -> Block:
    """A page as it stands, to be changed."""
    page = {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": WINDOW}
    page["initial_value"] = clean(text)[:WINDOW]
    return {
        "type": "modal",
        "callback_id": "edit",
        "title": {"type": "plain_text", "text": "Edit the page"},
        "submit": {"type": "plain_text", "text": "Save"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": private,
        "blocks": [_input("text", "It becomes a take of its own, and yours", page, optional=False)],
    }


def _input(name: str, label: str, element: Block, *, optional: bool = True) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }
