"""Inbound: what Slack delivers, as the gate's words. Pure functions over payloads.

Who spoke, where and in which workspace is taken from the signed envelope and from nowhere else.
Knows nothing of sockets, HTTP or the Web API.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.commands import find
from bot.events import File, Inbound
from bot.render.slack import marked
from bot.surfaces.typed import as_verb
from memory import Scope

PLATFORM = "slack"
_SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
_FIRST_MENTION = re.compile(r"\s*<@([A-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class Heard:
    """``addressed`` is False for what is for us only where the thread is engaged."""

    inbound: Inbound
    addressed: bool


def of_event(body: Mapping[str, Any], bot: str) -> Heard | None:
    """An Events API callback; None for what is nobody's word to us."""
    event = body["event"]
    match event.get("type"):
        case "app_mention" | "message":
            return _message(body, event, bot)
        case "agent_session_stopped":
            scope = Scope(PLATFORM, team_of(body), event["channel"], event.get("thread_ts") or "")
            return Heard(Inbound("stop", body["event_id"], scope, event["user"], who=event["user"]), True)
        case _:
            return None


def team_of(body: Mapping[str, Any]) -> str:
    """The workspace that installed us, as the envelope says; in shared channels the speaker's may differ."""
    granted = body.get("authorizations") or [{}]
    return str(granted[0].get("team_id") or body["team_id"])


def _message(body: Mapping[str, Any], event: Mapping[str, Any], bot: str) -> Heard | None:
    subtype = event.get("subtype")
    if subtype == "message_changed" and event["message"].get("subtype") == "tombstone":
        return _deleted(body, event, bot, event["message"]["ts"])
    if subtype == "message_changed":
        return _edited(body, event, bot)
    if subtype == "message_deleted":
        return _deleted(body, event, bot, event["deleted_ts"])
    if subtype not in _SPOKEN or event.get("bot_id") or event.get("user") in (None, bot):
        return None
    text = event.get("text") or ""
    direct = event.get("channel_type") == "im"
    mentioned = f"<@{bot}" in text
    other = _FIRST_MENTION.match(text)
    if not (direct or mentioned) and (not event.get("thread_ts") or other):
        return None  # small talk in a channel, or somebody else was asked
    scope = Scope(PLATFORM, team_of(body), event["channel"], event.get("thread_ts") or event["ts"])
    inbound = Inbound(
        "message",
        body["event_id"],
        scope,
        event["user"],
        said(text, bot),
        files=tuple(_file(file) for file in event.get("files") or ()),
        who=event["user"],
        message=event["ts"],
        sent=datetime.fromtimestamp(float(event["ts"]), UTC),
    )
    return Heard(as_verb(inbound), direct or mentioned)


def _edited(body: Mapping[str, Any], event: Mapping[str, Any], bot: str) -> Heard | None:
    """A person's edit. Link previews come as edits too, without a mark of who edited."""
    now, before = event["message"], event.get("previous_message") or {}
    if now.get("bot_id") or not now.get("edited") or now.get("text") == before.get("text"):
        return None
    text = now.get("text") or ""
    about = _about(body, event, now)
    spoken = as_verb(replace(about, kind="message", text=said(text, bot)))
    addressed = event.get("channel_type") == "im" or f"<@{bot}" in text
    return Heard(replace(about, kind="edit", text=spoken.text or said(text, bot), name=spoken.name), addressed)


def _deleted(body: Mapping[str, Any], event: Mapping[str, Any], bot: str, ts: str) -> Heard | None:
    """A message that is gone: a person's, or a page of ours, which only those may delete who may. Of one that
    began a thread Slack leaves a tombstone, which comes as an edit by Slack itself."""
    gone = {**(event.get("previous_message") or {}), "ts": ts}
    about = replace(_about(body, event, gone), kind="delete")
    if gone.get("user") == bot:
        return Heard(replace(about, author="", who="", values={"page": "gone"}), True)
    return None if gone.get("bot_id") else Heard(about, True)


def _about(body: Mapping[str, Any], event: Mapping[str, Any], message: Mapping[str, Any]) -> Inbound:
    scope = Scope(PLATFORM, team_of(body), event["channel"], message.get("thread_ts") or message["ts"])
    who = str(message.get("user") or "")
    return Inbound("message", body["event_id"], scope, who, target=message["ts"], who=who)


def said(text: str, bot: str) -> str:
    """The words without our own mention. Other people's stay as ``<@U…>`` until their names are known."""
    own = re.sub(rf"\s*<@{re.escape(bot)}(?:\|[^>]*)?>[ ,:]*", " ", text)
    return own.strip()


def of_command(body: Mapping[str, Any]) -> Inbound | None:
    """The slash command with a verb; None where no verb is known: then it is something to write."""
    words = (body.get("text") or "help").strip().split(maxsplit=1)
    name = words[0].lstrip("/").lower()
    if name != "stop" and find(name) is None:
        return None
    scope = Scope(PLATFORM, body["team_id"], body["channel_id"])
    text = words[1] if len(words) > 1 else ""
    kind: Any = "stop" if name == "stop" else "command"
    return Inbound(kind, f"cmd:{body['trigger_id']}", scope, body["user_id"], text, name, who=body["user_id"])


def of_action(body: Mapping[str, Any]) -> list[Inbound]:
    """A pressed button: what it does, and what is said after it."""
    action, user = body["actions"][0], body["user"]["id"]
    value = _value(body)
    if "v" not in value:
        return []
    box = body.get("container") or {}
    at = box.get("message_ts") or ""
    thread = box.get("thread_ts") or (body.get("message") or {}).get("thread_ts") or at
    scope = Scope(PLATFORM, body["team"]["id"], body["channel"]["id"], thread)
    event = f"act:{at}:{action['action_id']}:{action.get('action_ts', '')}:{user}"
    done = Inbound(
        "action",
        event,
        scope,
        user,
        str(value.get("r", "")),
        str(value["v"]),
        values={"files_of": str(value["m"])} if value["v"] == "learn" and value.get("m") else {},
        target=str(value.get("t", "")),
        who=user,
    )
    if not value.get("q"):
        return [done]
    asked = Inbound("message", f"{event}:ask", scope, user, marked(str(value["q"])), who=user)
    return [done, as_verb(asked)]


def to_say_again(body: Mapping[str, Any]) -> str:
    """The message that whoever presses this button says again; "" for none."""
    value = _value(body)
    return str(value.get("m") or "") if value.get("a") else ""


def _value(body: Mapping[str, Any]) -> Mapping[str, Any]:
    value = json.loads(body["actions"][0].get("value") or "{}")
    return value if isinstance(value, dict) else {}


def of_form(body: Mapping[str, Any]) -> Inbound | None:
    """A form that was sent off: a room's settings, or a page that was changed."""
    view = body["view"]
    where = json.loads(view.get("private_metadata") or "{}")
    given = {name: fields.get(name) or {} for name, fields in view["state"]["values"].items()}
    user = body["user"]["id"]
    match view.get("callback_id"):
        case "settings":
            scope = Scope(PLATFORM, body["team"]["id"], where["channel"], where.get("thread", ""))
            return Inbound("form", f"form:{where['key']}", scope, user, name="settings", values=_set(given), who=user)
        case "edit":
            scope = Scope(PLATFORM, body["team"]["id"], where["channel"], where["thread"])
            text, values = given["text"].get("value") or "", {"over": str(where["over"])}
            event, turn = f"form:{where['key']}", str(where["turn"])
            return Inbound("command", event, scope, user, text.strip(), "edit", values=values, target=turn, who=user)
        case _:
            return None


def _set(given: Mapping[str, Any]) -> dict[str, str]:
    """A room's settings as they were filled in."""
    picked = given.get("show", {}).get("selected_option") or {}
    form = given.get("format", {}).get("selected_option") or {}
    return {
        "show": given.get("new_show", {}).get("value") or picked.get("value") or "",
        "note": given.get("note", {}).get("value") or "",
        "deciders": " ".join(given.get("deciders", {}).get("selected_users") or ()),
        **({"format": form["value"]} if form else {}),
    }


def _file(file: Mapping[str, Any]) -> File:
    url = file.get("url_private_download") or file.get("url_private") or ""
    return File(file.get("name") or "file", media=file.get("mimetype") or "application/octet-stream", url=url)
