"""Sources as they are kept: each document with all its pieces, replaced or forgotten as one."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.errors import NotFound
from memory.outbox import Record
from memory.sources import Piece, Source
from memory.store.cited import take_out
from memory.store.database import Database, whole
from memory.store.outbox import enqueue
from memory.store.reach import hold_show, new_id, now, of_show
from memory.store.rows import source_of
from memory.tables import pieces as pieces_table
from memory.tables import shows, sources
from memory.text import fold

_SHORT_ID = 4
_AT_ONCE = 1000

_SOURCES = select(sources).join(shows, shows.c.id == sources.c.show)


class Sources:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def put(
        self,
        tenant: str,
        show: str,
        title: str,
        uri: str,
        media: str,
        digest: str,
        licence: str,
        pieces: Iterable[Piece],
    ) -> tuple[Source, bool]:
        """The document at ``uri`` as it is now, and whether that changed anything. The same digest,
        title, media and licence change nothing; another digest replaces all pieces. Raises NotFound."""
        labels = {"title": title, "folded": fold(title), "media": media, "digest": digest, "licence": licence}
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            known = await _one(tx, of_show(tenant, show), sources.c.uri == uri)
            if known and _labels(known) == (title, media, digest, licence):
                return known, False
            id_ = known.id if known else new_id()
            if known is None:
                bare = {"id": id_, "show": show, "uri": uri, "pieces": 0, "learned": now()}
                await tx.execute(insert(sources).values(**bare, **labels))
            if known is None or known.digest != digest:
                count = await _replace_pieces(tx, id_, pieces)
                await tx.execute(update(sources).where(sources.c.id == id_).values(pieces=count, learned=now()))
            await tx.execute(update(sources).where(sources.c.id == id_).values(**labels))
            await enqueue(tx, Record.SOURCE, id_)
            return await _the_source(tx, of_show(tenant, show), sources.c.id == id_), True

    @whole
    async def listing(self, tenant: str, show: str) -> tuple[Source, ...]:
        """By title."""
        return await self._all(of_show(tenant, show))

    @whole
    async def find(self, tenant: str, show: str, what: str) -> tuple[Source, ...]:
        """The source of that id or URI; else those of that title; else those whose id begins so (four
        characters or more). More than one means: ask which."""
        mine = of_show(tenant, show)
        begins = sources.c.id.startswith(what.lower(), autoescape=True)
        found = await self._all(mine, or_(sources.c.id == what, sources.c.uri == what))
        found = found or await self._all(mine, sources.c.folded == fold(what))
        return found or (await self._all(mine, begins) if len(what) >= _SHORT_ID else ())

    @whole
    async def pieces(self, tenant: str, show: str, source: str) -> tuple[Piece, ...]:
        """In reading order. Raises NotFound."""
        async with self._db.reading() as tx:
            await _the_source(tx, of_show(tenant, show), sources.c.id == source)
            return await pieces_of(tx, source)

    @whole
    async def forget(self, tenant: str, show: str, source: str) -> Source:
        """Deletes a source with its pieces, also from the receipts of pages that stood on it; what those pages say
        stays, as does the source's title in their receipts. What it was. Raises NotFound."""
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            known = await _the_source(tx, of_show(tenant, show), sources.c.id == source)
            await tx.execute(delete(pieces_table).where(pieces_table.c.source == source))
            await tx.execute(delete(sources).where(sources.c.id == source))
            await take_out(tx, known)
            await enqueue(tx, Record.SOURCE, source)
            return known

    async def _all(self, *conditions: ColumnElement[bool]) -> tuple[Source, ...]:
        query = (
            select(sources)
            .join(shows, shows.c.id == sources.c.show)
            .where(*conditions)
            .order_by(sources.c.folded, sources.c.uri)
        )
        async with self._db.reading() as tx:
            return tuple(source_of(row) for row in (await tx.execute(query)).mappings())


async def pieces_of(tx: AsyncConnection, source: str) -> tuple[Piece, ...]:
    query = select(pieces_table).where(pieces_table.c.source == source).order_by(pieces_table.c.position)
    return tuple(
        Piece(row.position, row.text, tuple(row.path), row.page, row.speaker, row.date)
        for row in await tx.execute(query)
    )


async def _replace_pieces(tx: AsyncConnection, source: str, pieces: Iterable[Piece]) -> int:
    await tx.execute(delete(pieces_table).where(pieces_table.c.source == source))
    rows = [
        {
            "source": source,
            "position": piece.order,
            "text": piece.text,
            "path": list(piece.path),
            "page": piece.page,
            "speaker": piece.speaker,
            "date": piece.date,
        }
        for piece in pieces
    ]
    for start in range(0, len(rows), _AT_ONCE):
        await tx.execute(insert(pieces_table), rows[start : start + _AT_ONCE])
    return len(rows)


async def _one(tx: AsyncConnection, *conditions: ColumnElement[bool]) -> Source | None:
    row = (await tx.execute(_SOURCES.where(*conditions))).mappings().first()
    return None if row is None else source_of(row)


async def _the_source(tx: AsyncConnection, *conditions: ColumnElement[bool]) -> Source:
    found = await _one(tx, *conditions)
    if found is None:
        raise NotFound("There is no such source in this show; list the sources to see which there are.")
    return found


def _labels(source: Source) -> tuple[str, str, str, str]:
    return (source.title, source.media, source.digest, source.licence)
