"""Librarian: makes the index agree with the ledger, one outbox job after another.

A job names a record; the librarian reads the record as it is now and replaces its passages. So a
job worked twice, late, or cut off by a crash does no harm. Knows nothing of turns or platforms.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from memory import Job
from vectorstore import IndexFault, Passage

log = logging.getLogger(__name__)

BATCH = 32
PATIENCE = 5.0  # seconds between attempts while the index cannot be written


class Outbox(Protocol):
    async def pending(self, limit: int) -> Sequence[Job]: ...

    async def done(self, numbers: Sequence[int]) -> None: ...

    async def count(self) -> int: ...


class Shelf(Protocol):
    async def replace_all(self, records: Mapping[str, Sequence[Passage]]) -> int: ...


Cut = Callable[[Job], Awaitable[Sequence[Passage]]]
Progress = Callable[[int, int], Awaitable[None]]


class Librarian:
    """Works off ``outbox`` onto ``shelf``; ``cut`` gives a job's passages as its record stands now
    (none when nothing of it may be found any more)."""

    def __init__(self, outbox: Outbox, shelf: Shelf, cut: Cut) -> None:
        self._outbox = outbox
        self._shelf = shelf
        self._cut = cut
        self._bell = asyncio.Event()
        self._turnstile = asyncio.Lock()

    def ring(self) -> None:
        """Say that there is work. Cheap; call it after every change of the ledger."""
        self._bell.set()

    async def work(self) -> None:
        """Work for ever. A job that cannot be done now stays in the outbox and is tried again."""
        while True:
            try:
                await self.settle()
            except IndexFault as error:
                log.warning("The index is behind the ledger: %s", error)
                await asyncio.sleep(PATIENCE)
                continue
            await self._bell.wait()
            self._bell.clear()

    async def settle(self, progress: Progress | None = None) -> int:
        """Work until the outbox is empty; gives the number of jobs done. Raises the index's errors."""
        total, worked = await self._outbox.count(), 0
        async with self._turnstile:
            while jobs := await self._outbox.pending(BATCH):
                await self._shelf.replace_all({job.id: await self._cut(job) for job in jobs})
                await self._outbox.done([job.number for job in jobs])
                worked += len(jobs)
                if progress:
                    await progress(worked, max(total, worked))
        return worked

    async def catch_up(self, within: float) -> bool:
        """Wait up to ``within`` seconds for the index to agree with the ledger, so that what was kept a
        moment ago is found. Work goes on behind when the time is over."""
        if not await self._outbox.count():
            return True
        self.ring()
        deadline = asyncio.get_running_loop().time() + within
        while await self._outbox.count():
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(0.01)
        return True
