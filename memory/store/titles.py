"""Titles: a thread that nobody named is called by the first words that stand in it, and by none that went.

Knows nothing of how a person names a thread.
"""

from sqlalchemy import String, and_, bindparam, case, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Turn
from memory.store.reach import now
from memory.tables import path, threads, turns
from memory.text import shorten

# A turn's own statements are made once: putting one together takes longer than running it.
_UNNAMED = and_(threads.c.title == "", exists().where(path.c.turn == bindparam("of_turn")))
_TOUCH = (
    update(threads)
    .where(threads.c.id == bindparam("of_thread"))
    .values(title=case((_UNNAMED, bindparam("named", type_=String)), else_=threads.c.title))
)


async def touch(tx: AsyncConnection, turn: Turn) -> None:
    """Somebody wrote in the turn's thread now; where it has no title this turn gives it one, unless it was taken back."""
    named = {"of_thread": turn.thread, "of_turn": turn.id, "named": shorten(turn.text)}
    await tx.execute(_TOUCH, {**named, "touched": now()})


async def rename_after(tx: AsyncConnection, before: Turn) -> None:
    """For when a turn's words were changed or taken back: a thread that was called by what they were
    ``before`` is called by the first words that are left. A title that somebody gave stays."""
    first = select(turns.c.text).join(path, path.c.turn == turns.c.id).where(path.c.thread == before.thread)
    left = (await tx.execute(first.order_by(path.c.depth).limit(1))).scalar_one_or_none()
    called = and_(threads.c.id == before.thread, threads.c.title == shorten(before.text), threads.c.title != "")
    await tx.execute(update(threads).where(called).values(title=shorten(left or "")))
