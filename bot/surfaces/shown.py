"""Shown: the page that somebody means who presses a button under it, and the messages it stands in.

Knows nothing of platforms.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bot.receipts import told
from chains import unmarked
from memory import Conversation, NotFound, Scope, Take, Turn


class Threads(Protocol):
    async def conversation(self, scope: Scope, window: int) -> Conversation: ...

    async def on_path(self, scope: Scope, turn: str) -> Turn | None: ...


class Turns(Protocol):
    async def takes(self, scope: Scope, turn: str) -> tuple[Take, ...]: ...


class Inbox(Protocol):
    async def page(self, scope: Scope, message: str) -> str | None: ...

    async def shown(self, scope: Scope, take: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """``text`` is the page without its markers, ``told`` also without its preface, ``messages`` the platform's ids
    of what shows it."""

    turn: str
    text: str
    told: str
    messages: tuple[str, ...] = ()


class Slip(Protocol):
    key: str

    async def sending(self) -> None: ...

    async def posted(self, message: str) -> None: ...


class Over:
    """A slip for an answer that is written over messages which stand already. They are noted as its own only
    when that is done: a program that dies before leaves the page as it was."""

    unsure = False

    def __init__(self, slip: Slip, messages: tuple[str, ...]) -> None:
        self._slip = slip
        self.key = slip.key
        self.ids = messages

    async def sending(self) -> None:
        await self._slip.sending()

    async def posted(self, message: str) -> None:
        self.ids = (*self.ids, message)

    async def done(self) -> None:
        for message in self.ids:
            await self._slip.posted(message)


class Pages:
    def __init__(self, threads: Threads, turns: Turns, inbox: Inbox) -> None:
        self._threads = threads
        self._turns = turns
        self._inbox = inbox

    async def __call__(self, scope: Scope, turn: str = "", message: str = "") -> Shown | None:
        """The take that ``message`` shows; else the turn's chosen one; of no turn the thread's last. None where
        there is none, or it was taken back."""
        with suppress(NotFound):
            found = await self._threads.on_path(scope, turn) if turn else await self._last(scope)
            if found is not None:
                shown = await self._inbox.page(scope, message) if message else None
                takes = await self._turns.takes(scope, found.id) if shown else ()
                take = next((one for one in takes if one.id == shown), found.take)
                if take is not None and take.text.strip():
                    messages = await self._inbox.shown(scope, take.id)
                    return Shown(found.id, unmarked(take.text).strip(), told(take), messages)
        return None

    async def _last(self, scope: Scope) -> Turn | None:
        return next(reversed((await self._threads.conversation(scope, 1)).window), None)
