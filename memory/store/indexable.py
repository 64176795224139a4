"""What the index is to be told of a record: the librarian's reads, the only ones without a scope.

Each gives the record with where it belongs, so that every passage made of it carries its tenant.
Nothing read here is shown to anyone. Knows nothing of the index.
"""

from sqlalchemy import and_, or_, select

from memory.canon import Entry
from memory.conversation import Show, TakeStatus, Thread, Turn
from memory.sources import Piece, Source
from memory.store.database import Database, whole
from memory.store.rows import current, entry_of, show_of, source_of, thread_of, threads_with_recap, turn_of, versions
from memory.store.sources import pieces_of
from memory.tables import entries, entry_versions, path, shows, sources, takes, threads, turns


class Indexable:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def turn(self, turn: str) -> tuple[Turn, Thread, Show, bool] | None:
        """A turn, its thread and show, and whether it is live: on the path to the thread's head, with no
        answer that is still written. What is not live has no place in the index. Of a turn whose page was
        withdrawn the person's words are left."""
        ended = or_(takes.c.id.is_(None), takes.c.status != TakeStatus.WRITING)
        live = and_(path.c.turn.is_not(None), ended).label("live")
        query = (
            threads_with_recap(*turns.c, *takes.c, live)
            .join(turns, turns.c.thread == threads.c.id)
            .outerjoin(takes, takes.c.id == turns.c.chosen)
            .outerjoin(path, path.c.turn == turns.c.id)
            .where(turns.c.id == turn)
        )
        async with self._db.reading() as tx:
            row = (await tx.execute(query)).mappings().first()
            return None if row is None else (turn_of(row), thread_of(row), show_of(row), bool(row["live"]))

    @whole
    async def entry(self, entry: str) -> tuple[tuple[Entry, ...], Show] | None:
        """An entry's version in force and, where it is another, its newest; older ones have no place
        in the index."""
        query = versions(*shows.c).where(entries.c.id == entry, current)
        async with self._db.reading() as tx:
            rows = (await tx.execute(query.order_by(entry_versions.c.version))).mappings().all()
            return (tuple(entry_of(row) for row in rows), show_of(rows[0])) if rows else None

    @whole
    async def source(self, source: str) -> tuple[Source, tuple[Piece, ...], Show] | None:
        """A source with its pieces; None once it is forgotten."""
        query = select(sources, shows).join(shows, shows.c.id == sources.c.show).where(sources.c.id == source)
        async with self._db.reading() as tx:
            row = (await tx.execute(query)).mappings().first()
            return None if row is None else (source_of(row), await pieces_of(tx, source), show_of(row))
