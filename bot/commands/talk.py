"""Commands about the conversation itself: its threads, its note, taking turns back.

Knows nothing of writing, search or platforms.
"""

from collections.abc import Mapping
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.events import Reply
from bot.rooms import Rooms, fresh
from bot.times import minute
from memory import Scope, TakeStatus, Thread, Turn


class Threads(Protocol):
    async def listing(self, scope: Scope, limit: int = 20) -> tuple[Thread, ...]: ...

    async def rename(self, scope: Scope, title: str) -> Thread: ...

    async def set_note(self, scope: Scope, note: str) -> Thread: ...

    async def undo(self, scope: Scope) -> Turn | None: ...

    async def redo(self, scope: Scope) -> Turn | None: ...


class Talk:
    def __init__(self, rooms: Rooms, threads: Threads, changed: "Changed") -> None:
        self._rooms = rooms
        self._threads = threads
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "threads": self.threads,
            "open": self.open,
            "rename": self.rename,
            "note": self.note,
            "undo": self.undo,
            "redo": self.redo,
            "stop": self.stop,
            "quit": self.quit,
        }

    async def listed(self, scope: Scope, show: str) -> list[Thread]:
        """The threads of a room and show, last written in first: what /open counts by."""
        place = Scope(scope.platform, scope.tenant, scope.room)
        every = await self._threads.listing(place, 200)
        return [thread for thread in every if thread.show == show and (thread.head or thread.scope == scope)][:20]

    async def threads(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        rows = [
            f"{number}. {'**' if thread.id == talk.thread.id else ''}{named(thread)}"
            f"{'** (here)' if thread.id == talk.thread.id else ''}"
            + (f", {minute(thread.touched)}" if thread.touched else "")
            for number, thread in enumerate(await self.listed(call.scope, talk.show.id), 1)
        ]
        return await call.say("\n".join([f"Conversations of **{talk.show.name}**:", "", *rows]))

    async def open(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        if not call.text:
            raise Mistaken("Say which: `/open 2`, `/open TITLE`, or `/open new`; `/threads` lists them.")
        if call.text.casefold() == "new":
            place = fresh(call.scope)
            await self._rooms.begin(place, talk.show.id)
            return await call.say(f"A new conversation about **{talk.show.name}**.", scope=place)
        thread = _pick(call.text, await self.listed(call.scope, talk.show.id))
        opened = await self._rooms.enter(thread.scope)
        return await call.say(where(thread, opened.window), scope=thread.scope)

    async def rename(self, call: Call) -> Reply:
        if not call.text:
            raise Mistaken("Say the title: `/rename The night of the fog`.")
        await self._rooms.enter(call.scope)
        thread = await self._threads.rename(call.scope, " ".join(call.text.split())[:120])
        return await call.say(f"This conversation is now called **{thread.title}**.")

    async def note(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        if not call.text:
            return await call.say(f"The note: {talk.thread.note}" if talk.thread.note else "There is no note.")
        note = "" if call.text.casefold() in ("off", "none", "clear") else call.text
        await self._threads.set_note(call.scope, note)
        return await call.say("Every answer here heeds that now." if note else "The note is gone.")

    async def undo(self, call: Call) -> Reply:
        await self._rooms.enter(call.scope)
        turn = await self._threads.undo(call.scope)
        self._changed()
        if turn is None:
            return await call.say("There is nothing to take back.")
        return await call.say(f"Taken back: “{_short(turn.text)}” and its answer. `/redo` brings it back.")

    async def redo(self, call: Call) -> Reply:
        await self._rooms.enter(call.scope)
        turn = await self._threads.redo(call.scope)
        self._changed()
        if turn is None:
            return await call.say("There is nothing to bring back.")
        answer = f"\n\n{turn.take.text}" if turn.take and turn.take.text else ""
        return await call.say(f"Back again: “{_short(turn.text)}”{answer}")

    async def stop(self, call: Call) -> Reply:
        """Only reached when nothing is written: a running answer is stopped before commands are queued."""
        return await call.say("Nothing is being written here.")

    async def quit(self, call: Call) -> Reply:
        return await call.end(Reply("complete", leave=True))


class Changed(Protocol):
    """Says that the ledger changed."""

    def __call__(self) -> None: ...


def named(thread: Thread) -> str:
    return thread.title or "(nothing said yet)"


def where(thread: Thread, window: tuple[Turn, ...]) -> str:
    """Where a person is when they come back: the title and the last exchange."""
    lines = [f"**{named(thread)}**"]
    if window:
        last = window[-1]
        lines += ["", f"> {last.author}: {_short(last.text)}"]
        if last.take and last.take.text:
            lines += ["", last.take.text]
        if last.take and last.take.status is not TakeStatus.COMPLETE:
            lines += ["", f"*{last.take.reason or 'Stopped here.'} `/again` writes it anew.*"]
    return "\n".join(lines)


def _pick(wanted: str, listed: list[Thread]) -> Thread:
    if wanted.isdecimal() and 1 <= int(wanted) <= len(listed):
        return listed[int(wanted) - 1]
    folded = wanted.casefold()
    exact = [thread for thread in listed if thread.title.casefold() == folded]
    found = exact or [thread for thread in listed if folded in thread.title.casefold()]
    if len(found) == 1 or exact:
        return found[0]
    if not found:
        raise Mistaken(f"There is no conversation “{wanted}” here; `/threads` lists them.")
    raise Mistaken(f"{len(found)} conversations have “{wanted}” in their title; give its number from `/threads`.")


def _short(text: str, most: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
