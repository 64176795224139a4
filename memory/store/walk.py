"""Walks along a thread's path: a stretch of its turns, and its end. Knows nothing of how the path changes."""

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope, Turn
from memory.store.reach import EXACTLY, placed
from memory.store.rows import turn_of, turns_with_take
from memory.tables import path, threads, turns

# The thread's id first, so that the path's own index is walked and nothing else.
_MINE = select(threads.c.id).where(EXACTLY).scalar_subquery()
_STRETCH = (
    turns_with_take()
    .join(path, path.c.turn == turns.c.id)
    .where(path.c.thread == _MINE, path.c.depth > bindparam("after"), path.c.depth <= bindparam("upto"))
    .order_by(path.c.depth)
    .limit(bindparam("most", type_=Integer))
)
_END = (
    select(path.c.turn, path.c.depth)
    .where(path.c.thread == bindparam("of_thread"))
    .order_by(path.c.depth.desc())
    .limit(1)
)


async def stretch(tx: AsyncConnection, scope: Scope, after: int, upto: int, limit: int) -> tuple[Turn, ...]:
    """Turns on the thread's path, oldest first, deeper than ``after`` and not than ``upto``, at most ``limit``."""
    found = await tx.execute(_STRETCH, placed(scope, after=after, upto=upto, most=limit))
    return tuple(turn_of(row) for row in found.mappings())


async def path_end(tx: AsyncConnection, thread: str) -> tuple[str | None, int]:
    """The last turn of a thread's path, with its depth: where the head stands; (None, 0) before the first."""
    row = (await tx.execute(_END, {"of_thread": thread})).first()
    return (None, 0) if row is None else (row.turn, row.depth)
