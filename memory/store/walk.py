"""Walks along a thread's path: a stretch of its turns, and its end. Knows nothing of how the path changes."""

from sqlalchemy import Integer, and_, bindparam, select
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
_WHOLE = (
    turns_with_take(receipts=False)
    .join(path, path.c.turn == turns.c.id)
    .where(path.c.thread == _MINE)
    .order_by(path.c.depth)
)
_ON_PATH = (
    turns_with_take()
    .join(path, and_(path.c.thread == turns.c.thread, path.c.depth == turns.c.depth, path.c.turn == turns.c.id))
    .where(turns.c.id == bindparam("the_turn"), EXACTLY)
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


async def whole_path(tx: AsyncConnection, scope: Scope) -> tuple[Turn, ...]:
    """All turns on the thread's path, oldest first, their takes without receipts."""
    return tuple(turn_of(row) for row in (await tx.execute(_WHOLE, placed(scope))).mappings())


async def on_path(tx: AsyncConnection, scope: Scope, turn: str) -> Turn | None:
    """The turn, if it is on the thread's path."""
    row = (await tx.execute(_ON_PATH, placed(scope, the_turn=turn))).mappings().first()
    return None if row is None else turn_of(row)


async def path_end(tx: AsyncConnection, thread: str) -> tuple[str | None, int]:
    """The last turn of a thread's path, with its depth: where the head stands; (None, 0) before the first."""
    row = (await tx.execute(_END, {"of_thread": thread})).first()
    return (None, 0) if row is None else (row.turn, row.depth)
