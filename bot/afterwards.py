"""Afterwards: what is done when a page is finished and nobody waits for it: the recap, and reading ahead.

Knows nothing of stages, search or which model writes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from bot.ask import Ask, compose
from bot.lore import Lore
from bot.order import Order
from chains import Card, Format, Message, WriterError, recap
from memory import Conversation, Due, LedgerError, Recap, Scope, Show
from vectorstore import Found

log = logging.getLogger(__name__)

BREATH = 0.5
"""Seconds after a page in which nobody has said more, before the next prompt's beginning is read."""


class Threads(Protocol):
    async def conversation(self, scope: Scope, window: int) -> Conversation: ...

    async def recap_due(self, scope: Scope, window: int) -> Due | None: ...

    async def keep_recap(self, scope: Scope, due: Due, text: str) -> Recap | None: ...


class Reader(Protocol):
    card: Card

    async def count(self, texts: Sequence[str]) -> list[int]: ...

    async def read(self, messages: Sequence[Message], *, tenant: str) -> None:
        """What a coming prompt begins with, beforehand; only where that pays."""
        ...


LoreOf = Callable[[Show], Awaitable[Lore]]


class Afterwards:
    """One serves every thread."""

    def __init__(
        self, threads: Threads, lore: LoreOf, formats: Mapping[str, Format], writer: Reader, window: int
    ) -> None:
        self._threads = threads
        self._lore = lore
        self._formats = formats
        self._writer = writer
        self._window = window
        self._behind: set[asyncio.Task[None]] = set()
        self._ahead: set[asyncio.Task[None]] = set()

    def begin(self, ask: Ask) -> None:
        """After the page that ``ask`` led to."""
        _among(self._behind, self._do(ask))

    def read_no_further(self) -> None:
        """Somebody waits for a page."""
        for task in self._ahead:
            task.cancel()

    async def close(self) -> None:
        """Wait for what goes on; what is read beforehand is read for nobody any more."""
        await asyncio.gather(*self._behind, return_exceptions=True)
        self.read_no_further()
        await asyncio.gather(*self._ahead, return_exceptions=True)

    async def _do(self, ask: Ask) -> None:
        try:
            await self._keep_recap(ask.talk)
        except LedgerError as error:
            log.info("The recap is told after the next page: %s", error)
        if self._writer.card.keeps:
            _among(self._ahead, self._read_ahead(ask))

    async def _keep_recap(self, talk: Conversation) -> None:
        """Bring the recap up to the window's edge, after the answer and never delaying it. Where somebody
        changes meanwhile what it tells, it is made anew after the next page."""
        due = await self._threads.recap_due(talk.thread.scope, self._window)
        if due is not None:
            # Long pages take long to be read through, and others are being answered.
            names = (await self._lore(talk.show)).names
            told = await asyncio.to_thread(recap, due.recap, due.turns, names)
            if told is not None:
                await self._threads.keep_recap(talk.thread.scope, due, told.text)

    async def _read_ahead(self, ask: Ask) -> None:
        """The next turn's prompt begins with what is known now: a model that keeps what it has read may read it
        while the person reads the page. Most of it is there already, but not when the window has moved."""
        await asyncio.sleep(BREATH)
        try:
            talk = await self._threads.conversation(ask.talk.thread.scope, self._window)
            coming = replace(ask, talk=talk, turn=replace(ask.turn, text=""), order=Order("", "", ""))
            form = self._formats.get(talk.thread.format) or self._formats["chat"]
            prompt = await compose(coming, form, Found(), await self._lore(talk.show), self._writer, exact=True)
            await self._writer.read(prompt.messages, tenant=talk.show.tenant)
        except (LedgerError, WriterError) as error:
            log.info("The next prompt's beginning was not read beforehand: %s", error)


def _among(tasks: set["asyncio.Task[None]"], work: Coroutine[Any, Any, None]) -> None:
    """Begins work that is held until it ends."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
