"""Librarian: makes the index agree with the ledger, one outbox job after another.

A job names a record; the librarian reads the record as it is now and replaces its passages. So a
job worked twice, late, or cut off by a crash does no harm. Knows nothing of turns or platforms.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Protocol

from memory import Job, LedgerError, Record
from vectorstore import IndexFault, Passage

log = logging.getLogger(__name__)

BATCH = 32
AT_ONCE = 2  # batches
PATIENCE = 5.0  # seconds between attempts while the index cannot be written
ROUND = 30.0  # seconds after which a librarian that shares an outbox looks into it without being called


class Outbox(Protocol):
    async def pending(self, limit: int) -> Sequence[Job]: ...

    async def done(self, numbers: Sequence[int]) -> Collection[int] | None:
        """The jobs that were still there; looked at only where librarians share an outbox."""
        ...

    async def again(self, jobs: Iterable[Job]) -> None: ...

    async def count(self) -> int: ...


class Shelf(Protocol):
    async def replace_all(self, records: Mapping[str, Sequence[Passage]]) -> int: ...

    async def purge(self) -> None:
        """Let go of what was dropped on the disk, too; behind."""
        ...


Desk = Callable[[], AbstractAsyncContextManager[asyncio.Event]]
"""The one seat that librarians of several programs share: held within the block, until the event is set."""

Cut = Callable[[Job], Awaitable[Sequence[Passage]]]
Progress = Callable[[int, int], Awaitable[None]]


class Librarian:
    """Works off ``outbox`` onto ``shelf``; ``cut`` gives a job's passages as its record stands now
    (none when nothing of it may be found any more). ``desk``: other programs work off the same outbox onto the
    same shelf."""

    def __init__(
        self, outbox: Outbox, shelf: Shelf, cut: Cut, desk: Desk | None = None, patience: float = PATIENCE
    ) -> None:
        self._outbox = outbox
        self._shelf = shelf
        self._cut = cut
        self._desk = desk
        self._patience = patience
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
            except (IndexFault, LedgerError) as error:
                log.warning("The index is behind the ledger: %s", error)
                await asyncio.sleep(self._patience)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), ROUND if self._desk else None)
            self._bell.clear()

    async def settle(self, progress: Progress | None = None) -> int:
        """Work until the outbox is empty; gives the number of jobs done. Raises the index's errors."""
        total, worked = await self._outbox.count(), 0
        if self._desk and not total:
            return 0
        async with self._turnstile, self._desk() if self._desk else nullcontext(asyncio.Event()) as lost:
            at_work: dict[asyncio.Task[None], list[Job]] = {}
            try:
                while at_work if lost.is_set() else await self._take_more(at_work):
                    over, _ = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
                    for task in over:
                        task.result()
                        worked += len(at_work.pop(task))
                    if progress:
                        await progress(worked, max(total, worked))
            finally:
                await _ended(at_work)
        return worked

    async def _take_more(self, at_work: dict["asyncio.Task[None]", list[Job]]) -> bool:
        """Begin what may be begun; whether anything is at work. While one batch is stored the next is embedded,
        and no record is in two of them: the later state must come last."""
        while len(at_work) < AT_ONCE:
            begun = [job for jobs in at_work.values() for job in jobs]
            if len(begun) % BATCH:
                break  # the last one was not full: there was no more
            there, held = await self._outbox.pending(len(begun) + BATCH), {job.id for job in begun}
            jobs = [job for job in there if job.id not in held][:BATCH]
            if not jobs:
                break
            at_work[asyncio.create_task(self._work_off(jobs))] = jobs
        return bool(at_work)

    async def _work_off(self, jobs: Sequence[Job]) -> None:
        cut = {job.id: await self._cut(job) for job in jobs}
        await self._shelf.replace_all(cut)
        if any(job.record is Record.SOURCE and not cut[job.id] for job in jobs):
            await self._shelf.purge()  # what else the index drops the ledger keeps
        there = await self._outbox.done([job.number for job in jobs])
        if self._desk and there is not None and (gone := [job for job in jobs if job.number not in there]):
            # Changed meanwhile, or worked off by another program that was later than we or earlier.
            await self._outbox.again(gone)

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


async def _ended(tasks: Collection["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
