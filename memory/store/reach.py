"""Who may reach what: the only place where a scope, or a tenant and a show, becomes SQL.

Every query about a room's or a show's matter takes its condition from here, so that a tenant's
filter cannot be left out. Knows nothing of what the queries are for.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.errors import NotFound
from memory.tables import preferences, rooms, shows, threads


def in_room(scope: Scope) -> ColumnElement[bool]:
    """Rooms: the scope's own."""
    return and_(rooms.c.platform == scope.platform, rooms.c.tenant == scope.tenant, rooms.c.room == scope.room)


def within(scope: Scope) -> ColumnElement[bool]:
    """Threads: the scope's own, or all of its room when it names no thread."""
    room = and_(threads.c.platform == scope.platform, threads.c.tenant == scope.tenant, threads.c.room == scope.room)
    return and_(room, threads.c.key == scope.thread) if scope.thread else room


def exactly(scope: Scope) -> ColumnElement[bool]:
    """Threads: the one the scope names, the room's own (with no name of its own) included."""
    room = and_(threads.c.platform == scope.platform, threads.c.tenant == scope.tenant, threads.c.room == scope.room)
    return and_(room, threads.c.key == scope.thread)


# A turn's own statements are made once: putting one together takes longer than running it.
_ANYWHERE: Any = Scope(*(bindparam(name) for name in ("of_platform", "of_tenant", "of_room", "of_thread")))  # type: ignore[arg-type]
EXACTLY = exactly(_ANYWHERE)
"""As `exactly`, for a statement that is made once and run with `placed`."""

WITHIN = and_(
    threads.c.platform == _ANYWHERE.platform,
    threads.c.tenant == _ANYWHERE.tenant,
    threads.c.room == _ANYWHERE.room,
    or_(_ANYWHERE.thread == "", threads.c.key == _ANYWHERE.thread),
)
"""As `within`, likewise."""

_HELD = select(threads).where(EXACTLY).with_for_update(key_share=True)


def placed(scope: Scope, **more: Any) -> dict[str, Any]:
    """What a statement made with EXACTLY or WITHIN is run with."""
    place = {"of_platform": scope.platform, "of_tenant": scope.tenant, "of_room": scope.room}
    return {**place, "of_thread": scope.thread, **more}


def of_show(tenant: str, show: str) -> ColumnElement[bool]:
    """Shows: this one, if it is the tenant's."""
    return and_(shows.c.id == show, shows.c.tenant == tenant)


def preferred_by(scope: Scope, person: str) -> ColumnElement[bool]:
    """Preferences: those of the scope's room, and the person's own in all rooms of the tenant."""
    c = preferences.c
    rooms_own = and_(c.room == scope.room, c.person == "")
    whose = or_(rooms_own, and_(c.room == "", c.person == person)) if person else rooms_own
    return and_(c.platform == scope.platform, c.tenant == scope.tenant, whose)


async def hold_show(tx: AsyncConnection, tenant: str, show: str) -> None:
    """Keeps other writers off the show's canon and sources until the transaction ends. Raises NotFound."""
    held = select(shows.c.id).where(of_show(tenant, show)).with_for_update(key_share=True)
    if (await tx.execute(held)).first() is None:
        raise NotFound("There is no such show here; list the shows to see which there are.")


async def hold_thread(tx: AsyncConnection, scope: Scope) -> Any:
    """Keeps other writers off the thread until the transaction ends; its row. Raises NotFound."""
    row = (await tx.execute(_HELD, placed(scope))).mappings().first()
    if row is None:
        raise NotFound("There is no such thread here; say something to begin one.")
    return row


async def insert_new(tx: AsyncConnection, table: Table, **values: Any) -> RowMapping | None:
    """Adds a row unless one with the same key is there; the row, if it was added."""
    row: RowMapping | None = (await tx.execute(new(tx.dialect.name, table), values)).mappings().first()
    return row


@cache
def new(dialect: str, table: Table) -> Any:
    """Adds rows unless others with the same key are there, and gives those that were added."""
    insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    return insert(table).on_conflict_do_nothing().returning(table)


def new_id() -> str:
    return uuid4().hex


def now() -> datetime:
    return datetime.now(UTC)
