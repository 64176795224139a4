"""Commands about canon: what holds in the show, and keeping more of it.

Knows nothing of search, models or platforms.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.events import Offer, Reply
from bot.learning import many
from bot.receipts import told
from bot.rooms import Rooms
from bot.times import day, minute
from chains import guess_kind, guess_name, holds
from memory import KINDS, Conversation, Draft, Entry, Status, Turn, fold

_AS_KIND = re.compile(rf"(?<!\s)\s+as\s+(?:an?\s+)?(?P<kind>{'|'.join(KINDS)})\s*$", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“«](?P<quote>.+)[\"”»]", re.DOTALL)
_NAMED = re.compile(r"(?P<name>[^:\n]{1,80}?):\s+(?P<text>.+)", re.DOTALL)
_CLOSING = '"”’»)'
_OF = re.compile(r"(?P<verb>history|edit|retire|accept|reject)\s+(?P<rest>.+)", re.IGNORECASE | re.DOTALL)


class Canon(Protocol):
    async def add(self, tenant: str, show: str, draft: Draft, who: str) -> Entry: ...

    async def edit(self, tenant: str, show: str, entry: str, who: str, *, text: str | None = None) -> Entry: ...

    async def decide(
        self, tenant: str, show: str, entry: str, status: Status, who: str, *, version: int | None = None
    ) -> Entry: ...

    async def listing(
        self, tenant: str, show: str, *, statuses: Sequence[Status] = (Status.ACCEPTED,)
    ) -> tuple[Entry, ...]: ...

    async def find(self, tenant: str, show: str, name: str) -> tuple[Entry, ...]: ...

    async def history(self, tenant: str, show: str, entry: str) -> tuple[Entry, ...]: ...


class Changed(Protocol):
    """Says that the ledger changed."""

    def __call__(self) -> None: ...


class CanonDesk:
    def __init__(self, rooms: Rooms, canon: Canon, changed: Changed) -> None:
        self._rooms = rooms
        self._canon = canon
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {"canon": self.canon, "keep": self.keep}

    async def canon(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        if not call.text:
            entries = await self._canon.listing(talk.show.tenant, talk.show.id)
            return await call.say(_listing(talk, entries, await self._proposed(talk)))
        verb = _OF.fullmatch(call.text)
        if verb is None:
            return await self._show(call, talk)
        match verb["verb"].casefold():
            case "history":
                return await call.say(await self._history(talk, verb["rest"]))
            case "retire":
                return await self._retire(call, talk, verb["rest"])
            case "accept":
                return await self._decide(call, talk, verb["rest"], Status.ACCEPTED)
            case "reject":
                return await self._decide(call, talk, verb["rest"], Status.REJECTED)
            case _:
                return await self._edit(call, talk, verb["rest"])

    async def keep(self, call: Call) -> Reply:
        about = call.inbound.target
        talk = await self._rooms.enter(call.scope)
        await self._rooms.must_decide(call.inbound, talk.show)
        last = talk.window[-1] if talk.window else None
        turn = await self._rooms.turn(talk, about) if about else last
        draft = _drafted(call.text, turn, asked=bool(about))
        existing = await self._canon.find(talk.show.tenant, talk.show.id, draft.name)
        in_force = next((entry for entry in existing if entry.status is Status.ACCEPTED), None)
        if in_force is None:
            entry = await self._canon.add(talk.show.tenant, talk.show.id, draft, call.author)
            say = f"Kept as canon: **{entry.name}** ({entry.kind})."
        elif draft.text in in_force.text:
            return await call.say(f"Canon says that already, in **{in_force.name}**.")
        elif not call.text:
            older = turn.id if turn is not None and turn != last else ""
            return await _which(call, in_force.name, older)
        else:
            text = f"{in_force.text}\n\n{draft.text}"
            entry = await self._canon.edit(talk.show.tenant, talk.show.id, in_force.id, call.author, text=text)
            say = f"Added to **{entry.name}** ({entry.kind}), now version {entry.version}."
        self._changed()
        await call.stage.show(Offer("canon", "show it", entry.name))
        if in_force is None:  # else all that the room knew of it before would go with it
            await call.stage.show(Offer("canon", "retire it", f"retire {entry.name}"))
        return await call.say(f"{say}\n\n> {_quoted(draft.text)}")

    async def _show(self, call: Call, talk: Conversation) -> Reply:
        """An entry as it holds, and what is proposed for it."""
        entry = await self._one(talk, call.text)
        proposed = next((one for one in await self._proposed(talk) if one.id == entry.id), None)
        if proposed is None:
            return await call.say(_entry(entry))
        await call.stage.show(Offer("canon", "accept it", f"accept {entry.name}"))
        await call.stage.show(Offer("canon", "reject it", f"reject {entry.name}"))
        if proposed.version == entry.version:
            return await call.say(_entry(entry))
        return await call.say(f"{_entry(entry)}\n\nProposed by {proposed.who}:\n\n> {_quoted(proposed.text)}")

    async def _proposed(self, talk: Conversation) -> tuple[Entry, ...]:
        return await self._canon.listing(talk.show.tenant, talk.show.id, statuses=(Status.PROPOSED,))

    async def _decide(self, call: Call, talk: Conversation, name: str, status: Status) -> Reply:
        """Of the newest that is proposed under a name."""
        await self._rooms.must_decide(call.inbound, talk.show)
        found = [one for one in await self._proposed(talk) if fold(one.name) == fold(name)]
        if not found:
            raise Mistaken(f"Nothing is proposed for “{name.strip()}”; `/canon` lists what is.")
        one = max(found, key=lambda entry: entry.version)
        show = talk.show
        await self._canon.decide(show.tenant, show.id, one.id, status, call.author, version=one.version)
        self._changed()
        if status is Status.REJECTED:
            return await call.say(f"What was proposed for **{one.name}** is rejected: it is kept, and does not hold.")
        await call.stage.show(Offer("canon", "retire it", f"retire {one.name}"))
        return await call.say(f"Accepted as canon: **{one.name}** ({one.kind}).\n\n> {_quoted(one.text)}")

    async def _one(self, talk: Conversation, name: str) -> Entry:
        found = await self._canon.find(talk.show.tenant, talk.show.id, name.strip())
        if not found:
            short = _quoted(name.strip(), 80)
            raise Mistaken(f"Canon has no “{short}”; `/canon` lists what it has, and `/keep NAME: TEXT` adds to it.")
        return found[0]

    async def _history(self, talk: Conversation, name: str) -> str:
        entry = await self._one(talk, name)
        versions = await self._canon.history(talk.show.tenant, talk.show.id, entry.id)
        rows = [
            f"- **{version.version}** {version.status.value}, {version.who}, {minute(version.when)}: {_quoted(version.text, 160)}"
            for version in versions
        ]
        return "\n".join([f"**{entry.name}** ({entry.kind})", "", *rows])

    async def _retire(self, call: Call, talk: Conversation, name: str) -> Reply:
        await self._rooms.must_decide(call.inbound, talk.show)
        entry = await self._one(talk, name)
        await self._canon.decide(talk.show.tenant, talk.show.id, entry.id, Status.RETIRED, call.author)
        self._changed()
        return await call.say(f"**{entry.name}** is retired: it is kept, and no longer holds.")

    async def _edit(self, call: Call, talk: Conversation, rest: str) -> Reply:
        await self._rooms.must_decide(call.inbound, talk.show)
        parts = _NAMED.fullmatch(rest)
        if parts is None:
            raise Mistaken("Say the name and the new text: `/canon edit NAME: TEXT`.")
        entry = await self._one(talk, parts["name"])
        text = parts["text"].strip()
        edited = await self._canon.edit(talk.show.tenant, talk.show.id, entry.id, call.author, text=text)
        self._changed()
        return await call.say(f"**{edited.name}** is now version {edited.version}.\n\n> {_quoted(edited.text)}")


async def _which(call: Call, name: str, older: str) -> Reply:
    """A whole page whose name was guessed does not change what is known of somebody unasked. ``older`` is the page's
    turn where it is not the last, which is what `/keep NAME` takes."""
    await call.stage.show(Offer("keep", f"Add it to {name}", name, turn=older))
    adds = f"`/keep {name}: TEXT` adds a part of it there" if older else f"`/keep {name}` adds it there"
    own = "`/keep NAME: TEXT`" if older else "`/keep NAME`"
    return await call.say(
        f"This page speaks of **{name}**, which canon has already. {adds}, and {own} makes it an entry of its own."
    )


def _drafted(given: str, turn: Turn | None, *, asked: bool = False) -> Draft:
    """What is to be kept: the turn's page, a quoted part of it, or a text or sentence; name and kind as said or
    guessed. ``asked``: the turn was named, so that a text comes from it, too."""
    said_kind = _AS_KIND.search(given)
    kind = said_kind["kind"].casefold() if said_kind else ""
    given = _AS_KIND.sub("", given).strip()
    page = told(turn.take) if turn and turn.take else ""
    quoted, named = _QUOTED.fullmatch(given), _NAMED.fullmatch(given)
    sentence = len(given.split()) > 2 and given.rstrip(_CLOSING).endswith((".", "!", "…", "。", "！"))
    if quoted:
        name, text = "", quoted["quote"].strip()
    elif named:
        name, text = named["name"].strip(), named["text"].strip()
    elif sentence:
        name, text = "", given
    else:
        name, text = given, page
    if not text:
        raise Mistaken("There is no page to keep yet; `/keep NAME: TEXT` keeps a text of yours.")
    name = name or guess_name(text)
    if not name:
        raise Mistaken("What should it be called? Say `/keep NAME`, or `/keep NAME: TEXT`.")
    of_page = turn is not None and (asked or not (named or sentence))
    return Draft(kind or guess_kind(name, text), name, text, origin=turn.id if turn and of_page else "")


def _listing(talk: Conversation, entries: Sequence[Entry], proposed: Sequence[Entry]) -> str:
    names = ", ".join(sorted({entry.name for entry in proposed}, key=fold))
    pending = [f"Proposed: {names}. `/canon accept NAME` or `/canon reject NAME` decides."] if names else []
    if not entries and pending:
        return f"**{talk.show.name}** has no canon yet.\n\n{pending[0]}"
    if not entries:
        return f"**{talk.show.name}** has no canon yet: `/learn` reads a bible, `/keep` keeps what you write."
    kinds = sorted({entry.kind for entry in entries}, key=KINDS.index)
    rows = [f"- **{kind}:** {', '.join(entry.name for entry in entries if entry.kind == kind)}" for kind in kinds]
    head = f"Canon of **{talk.show.name}**, {many(len(entries), 'entry', 'entries')}:"
    return "\n".join([head, "", *rows, *(["", *pending] if pending else [])])


def _entry(entry: Entry) -> str:
    also = f", also {', '.join(entry.aliases)}" if entry.aliases else ""
    state = "" if entry.status is Status.ACCEPTED else f" — {entry.status.value}"
    head = f"**{entry.name}** ({entry.kind}{also}){state}"
    foot = f"*Version {entry.version}, {entry.who}, {day(entry.when)}{f', holds {when}' if (when := holds(entry)) else ''}.*"
    return "\n\n".join((head, entry.text, foot))


def _quoted(text: str, most: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
