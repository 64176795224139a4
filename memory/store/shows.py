"""Shows and rooms: which fictional worlds a tenant has, and which one a channel writes."""

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Room, Scope, Show
from memory.errors import NotFound, Refused
from memory.store.database import Database, whole
from memory.store.reach import hold_show, in_room, insert_new, new_id, now, of_show
from memory.store.rows import room_of, show_of
from memory.tables import rooms, shows
from memory.text import fold


class Shows:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def ensure(self, tenant: str, name: str, brief: str = "", style: str = "") -> Show:
        """The tenant's show of that name, made if there is none. An existing one keeps its brief
        and style. Raises Refused for an empty name."""
        if not fold(name):
            raise Refused("A show needs a name.")
        async with self._db.writing() as tx:
            fresh = {"id": new_id(), "tenant": tenant, "name": name.strip(), "folded": fold(name)}
            await insert_new(tx, shows, **fresh, brief=brief, style=style, canon_version=0, created=now())
            return await _one(tx, (shows.c.tenant == tenant) & (shows.c.folded == fold(name)))

    @whole
    async def get(self, tenant: str, show: str) -> Show | None:
        return await self._first(of_show(tenant, show))

    @whole
    async def find(self, tenant: str, name: str) -> Show | None:
        """By name; case, width and spacing do not matter."""
        return await self._first((shows.c.tenant == tenant) & (shows.c.folded == fold(name)))

    @whole
    async def all(self, tenant: str) -> tuple[Show, ...]:
        """By name."""
        async with self._db.reading() as tx:
            rows = await tx.execute(select(shows).where(shows.c.tenant == tenant).order_by(shows.c.folded))
            return tuple(show_of(row) for row in rows.mappings())

    @whole
    async def describe(self, tenant: str, show: str, brief: str, style: str) -> Show:
        """Raises NotFound."""
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            await tx.execute(update(shows).where(of_show(tenant, show)).values(brief=brief, style=style))
            return await _one(tx, of_show(tenant, show))

    @whole
    async def room(self, scope: Scope) -> Room:
        """The room as it is set, or as rooms are when nobody has set anything."""
        async with self._db.reading() as tx:
            return await _room(tx, scope)

    @whole
    async def deciders(self, tenant: str, show: str) -> frozenset[str]:
        """Who may change the show's canon: all whom any room that works on it names. None means everyone."""
        query = select(rooms.c.deciders).where(rooms.c.tenant == tenant, rooms.c.show == show)
        async with self._db.reading() as tx:
            return frozenset(one for row in await tx.execute(query) for one in row.deciders or ())

    @whole
    async def bind(self, scope: Scope, show: str) -> Room:
        """The room writes this show from now on; its threads keep theirs. Raises NotFound for a show
        of another tenant."""
        async with self._db.writing() as tx:
            await hold_show(tx, scope.tenant, show)
            return await _set(tx, scope, show=show)

    @whole
    async def set_room(
        self,
        scope: Scope,
        format: str | None = None,  # noqa: A002
        note: str | None = None,
        deciders: tuple[str, ...] | None = None,
    ) -> Room:
        """None leaves a setting as it is."""
        given = {"format": format, "note": note, "deciders": None if deciders is None else list(deciders)}
        async with self._db.writing() as tx:
            return await _set(tx, scope, **{name: value for name, value in given.items() if value is not None})

    async def _first(self, condition: ColumnElement[bool]) -> Show | None:
        async with self._db.reading() as tx:
            row = (await tx.execute(select(shows).where(condition))).mappings().first()
            return None if row is None else show_of(row)


async def _one(tx: AsyncConnection, condition: ColumnElement[bool]) -> Show:
    row = (await tx.execute(select(shows).where(condition))).mappings().first()
    if row is None:
        raise NotFound("There is no such show here; list the shows to see which there are.")
    return show_of(row)


async def _set(tx: AsyncConnection, scope: Scope, **values: Any) -> Room:
    plain = Room(scope)
    key = {"platform": scope.platform, "tenant": scope.tenant, "room": scope.room}
    await insert_new(tx, rooms, **key, show=None, format=plain.format, note=plain.note)
    if values:
        await tx.execute(update(rooms).where(in_room(scope)).values(**values))
    return await _room(tx, scope)


async def _room(tx: AsyncConnection, scope: Scope) -> Room:
    return room_of((await tx.execute(select(rooms).where(in_room(scope)))).mappings().first(), scope)
