"""The librarian stores one batch while the next is embedded, and a record's latest state comes last."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.librarian import BATCH, Librarian
from bot.seat import SEAT, Seat
from memory import Job, LedgerUnavailable, Record
from memory.ledger import Ledger
from vectorstore import IndexFault, Passage


class Outbox:
    """Jobs in the order they came."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.away = 0
        self.emptied = asyncio.Event()

    def add(self, record: str, kind: Record = Record.TURN) -> None:
        self.jobs.append(Job(len(self.jobs) + 1, kind, record))

    async def pending(self, limit: int) -> Sequence[Job]:
        return self.jobs[:limit]

    async def done(self, numbers: Sequence[int]) -> None:
        self.jobs = [job for job in self.jobs if job.number not in numbers]
        if not self.jobs:
            self.emptied.set()

    async def count(self) -> int:
        if self.away:
            self.away -= 1
            raise LedgerUnavailable("The database is being started anew.")
        return len(self.jobs)


class Shelf:
    """Takes the longer the more came before, so that batches would overtake each other if they could."""

    def __init__(self) -> None:
        self.at_work: list[set[str]] = []
        self.most = 0
        self.calls = 0
        self.fails = False
        self.purged = 0

    async def purge(self) -> None:
        self.purged += 1

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


async def test_the_text_of_a_forgotten_source_leaves_the_disk_and_an_undone_turn_is_no_reason_to(
    outbox: Outbox, shelf: Shelf
) -> None:
    there = {"read": ["a passage"], "undone": [], "forgotten": []}

    async def cut(job: Job) -> Sequence[str]:
        return there[job.id]

    librarian = Librarian(outbox, shelf, cut)  # type: ignore[arg-type]
    outbox.add("undone")
    outbox.add("read", Record.SOURCE)
    await librarian.settle()
    assert shelf.purged == 0
    outbox.add("forgotten", Record.SOURCE)
    await librarian.settle()
    assert shelf.purged == 1


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


class Shared(Outbox):
    """Tells what was still there, as one does that several librarians work off."""

    async def done(self, numbers: Sequence[int]) -> set[int]:  # type: ignore[override]
        there = {job.number for job in self.jobs} & set(numbers)
        await super().done(numbers)
        return there

    async def again(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self.jobs = [one for one in self.jobs if one.id != job.id]
            self.jobs.append(Job(job.number + 100, job.record, job.id))


@asynccontextmanager
async def free() -> AsyncIterator[asyncio.Event]:
    yield asyncio.Event()


async def test_a_record_that_another_program_worked_off_meanwhile_is_stored_as_it_is_now() -> None:
    """We were asleep between reading it and storing it: what we stored is old, and the other's was the newer."""
    outbox, stored, now = Shared(), dict[str, str](), {"mara": "old"}
    outbox.add("mara")

    async def cut(job: Job) -> Sequence[str]:
        return (now[job.id],)

    class Late:
        async def replace_all(self, records: Mapping[str, Sequence[str]]) -> int:
            if now["mara"] == "old":
                now["mara"] = "new"
                outbox.jobs, stored["mara"] = [], "new"  # the change, worked off by the other
            stored.update({one: cuts[0] for one, cuts in records.items()})
            return len(records)

    await Librarian(outbox, Late(), cut, free).settle()  # type: ignore[arg-type]
    assert stored == {"mara": "new"}
    assert outbox.jobs == []


async def test_one_librarian_works_at_a_time_and_one_that_lost_its_seat_begins_nothing_more(ledger: Ledger) -> None:
    mine, theirs = Seat(ledger.leases, "a", 0.4), Seat(ledger.leases, "b", 60)
    order: list[str] = []

    async def wait_for_it() -> None:
        async with theirs():
            order.append("b")

    async with mine() as lost:
        waiting = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0.6)  # longer than the lease: it is renewed
        assert not lost.is_set()
        order.append("a")
    await asyncio.wait_for(waiting, 5)
    assert order == ["a", "b"]
    async with mine() as lost:
        await ledger.leases.claim(SEAT, "a", 60)  # as a successor in the same home does
        await asyncio.wait_for(lost.wait(), 5)


async def test_a_ledger_that_is_away_for_a_while_ends_no_librarian(outbox: Outbox, shelf: Shelf) -> None:
    async def cut(job: Job) -> Sequence[Passage]:
        return ()

    outbox.add("r")
    outbox.away = 2
    librarian = Librarian(outbox, shelf, cut, patience=0.01)
    work = asyncio.create_task(librarian.work())
    await asyncio.wait_for(outbox.emptied.wait(), 5)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
