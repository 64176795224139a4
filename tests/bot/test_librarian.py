"""The librarian stores one batch while the next is embedded, and a record's latest state comes last."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from bot.librarian import BATCH, Librarian
from memory import Job, Record
from vectorstore import IndexFault, Passage


class Outbox:
    """Jobs in the order they came."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def add(self, record: str) -> None:
        self.jobs.append(Job(len(self.jobs) + 1, Record.TURN, record))

    async def pending(self, limit: int) -> Sequence[Job]:
        return self.jobs[:limit]

    async def done(self, numbers: Sequence[int]) -> None:
        self.jobs = [job for job in self.jobs if job.number not in numbers]

    async def count(self) -> int:
        return len(self.jobs)


class Shelf:
    """Takes the longer the more came before, so that batches would overtake each other if they could."""

    def __init__(self) -> None:
        self.at_work: list[set[str]] = []
        self.most = 0
        self.calls = 0
        self.fails = False

    async def replace_all(self, records: Mapping[str, Sequence[Passage]]) -> int:
        assert not any(records.keys() & other for other in self.at_work), "a record is in two batches"
        self.calls += 1
        mine = set(records)
        self.at_work.append(mine)
        self.most = max(self.most, len(self.at_work))
        await asyncio.sleep(0.03 if self.calls % 2 else 0.001)
        self.at_work.remove(mine)
        if self.fails:
            raise IndexFault("The disk is full.")
        return len(records)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def librarian(outbox: Outbox, shelf: Shelf) -> Librarian:
    async def cut(job: Job) -> Sequence[Passage]:
        return ()

    return Librarian(outbox, shelf, cut)


async def test_two_batches_are_at_work_at_once_and_no_record_is_in_both(
    librarian: Librarian, outbox: Outbox, shelf: Shelf
) -> None:
    for number in range(5 * BATCH):
        outbox.add(f"r{number % (BATCH + 5)}")
    assert await librarian.settle() == 5 * BATCH
    assert outbox.jobs == []
    assert shelf.most == 2


async def test_progress_counts_every_job_once(librarian: Librarian, outbox: Outbox) -> None:
    for number in range(3 * BATCH + 1):
        outbox.add(f"r{number}")
    told: list[tuple[int, int]] = []

    async def progress(worked: int, total: int) -> None:
        told.append((worked, total))

    await librarian.settle(progress)
    assert told[-1] == (3 * BATCH + 1, 3 * BATCH + 1)
    assert told == sorted(told)


async def test_what_cannot_be_stored_stays_to_be_done(librarian: Librarian, outbox: Outbox, shelf: Shelf) -> None:
    for number in range(2 * BATCH):
        outbox.add(f"r{number}")
    shelf.fails = True
    with pytest.raises(IndexFault):
        await librarian.settle()
    assert len(outbox.jobs) == 2 * BATCH
    shelf.fails, shelf.at_work = False, []
    assert await librarian.settle() == 2 * BATCH
