"""The outbox: what the index has yet to be told. Written in the transaction of the change itself.

Knows nothing of the index.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.outbox import Job, Record
from memory.store.database import Database, whole
from memory.tables import entries, outbox, path, sources

_STALE = delete(outbox).where(
    outbox.c.record == bindparam("of_record"), outbox.c.ref.in_(bindparam("refs", expanding=True))
)
_FRESH = insert(outbox)

_AT_ONCE = 500  # of a statement's parameters, which every database bounds


async def enqueue(tx: AsyncConnection, record: Record, *ids: str) -> None:
    """One job for each id. A job that was waiting gives way to the new one, whose number is higher,
    so that a worker who is just done with the old one does not take the new one away."""
    if ids:
        await tx.execute(_STALE, {"of_record": record, "refs": ids})
        await tx.execute(_FRESH, [{"record": record, "ref": one} for one in ids])


class Outbox:
    """The jobs, oldest first."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def pending(self, limit: int = 100) -> list[Job]:
        async with self._db.reading() as tx:
            rows = await tx.execute(select(outbox).order_by(outbox.c.number).limit(limit))
            return [Job(row.number, Record(row.record), row.ref) for row in rows]

    @whole
    async def done(self, numbers: Iterable[int]) -> set[int]:
        """Takes jobs off; those that were still there. A change made since a job was read has a number of its own
        and stays."""
        over, there = list(numbers), set[int]()
        async with self._db.noting() as tx:
            for start in range(0, len(over), _AT_ONCE):
                these = outbox.c.number.in_(over[start : start + _AT_ONCE])
                there.update((await tx.execute(delete(outbox).where(these).returning(outbox.c.number))).scalars())
        return there

    @whole
    async def again(self, jobs: Iterable[Job]) -> None:
        """Puts jobs back, as new ones: somebody else may have worked on these records at the same time."""
        async with self._db.writing() as tx:
            for job in jobs:
                await enqueue(tx, job.record, job.id)

    @whole
    async def count(self) -> int:
        async with self._db.reading() as tx:
            return (await tx.execute(select(func.count()).select_from(outbox))).scalar_one()

    @whole
    async def everything(self) -> int:
        """A job for every live record: all entries, all sources, and the turns on some thread's
        path. How many jobs now wait. For building the index anew."""
        live: dict[Record, Select[Any]] = {
            Record.ENTRY: select(literal(Record.ENTRY.value), entries.c.id).order_by(entries.c.id),
            Record.SOURCE: select(literal(Record.SOURCE.value), sources.c.id).order_by(sources.c.id),
            Record.TURN: select(literal(Record.TURN.value), path.c.turn).order_by(path.c.thread, path.c.depth),
        }
        async with self._db.writing() as tx:
            for record, rows in live.items():
                ids = rows.with_only_columns(rows.selected_columns[1]).order_by(None)
                await tx.execute(delete(outbox).where(outbox.c.record == record, outbox.c.ref.in_(ids)))
                await tx.execute(insert(outbox).from_select(["record", "ref"], rows))
            return (await tx.execute(select(func.count()).select_from(outbox))).scalar_one()
