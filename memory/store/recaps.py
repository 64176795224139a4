"""Recaps as rows: kept while what they were made of stands, and let go of when it changes.

Knows nothing of how one is put together, nor of when one is due.
"""

from typing import Any

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Due, Recap, Scope, Turn
from memory.store.reach import now
from memory.store.walk import stretch
from memory.tables import path, recaps


async def keep(tx: AsyncConnection, scope: Scope, thread: str, due: Due, text: str) -> Recap | None:
    """None where what it was made of is another by now: then what somebody took back would be told in it."""
    first, last = due.turns[0], due.turns[-1]
    told = due.recap.upto if due.recap else 0
    stands = await stretch(tx, scope, told, last.depth, len(due.turns) + 1)
    if list(map(_said, stands)) != list(map(_said, due.turns)) or await _before(tx, thread, first) != due.recap:
        return None
    kept = {"thread": thread, "turn": last.id, "upto": last.depth, "text": text, "created": now()}
    row = (await tx.execute(insert(recaps).values(**kept).returning(recaps.c.text, recaps.c.upto))).one()
    return Recap(row.text, row.upto)


async def let_go(tx: AsyncConnection, turn: Turn) -> None:
    """For when a turn says something else from now on, or nothing: of every recap that may tell it."""
    await tx.execute(delete(recaps).where(recaps.c.thread == turn.thread, recaps.c.upto >= turn.depth))


async def _before(tx: AsyncConnection, thread: str, turn: Turn) -> Recap | None:
    on_path = and_(path.c.thread == recaps.c.thread, path.c.turn == recaps.c.turn)
    older = select(recaps.c.text, recaps.c.upto).join(path, on_path)
    older = older.where(recaps.c.thread == thread, recaps.c.upto < turn.depth)
    row = (await tx.execute(older.order_by(recaps.c.upto.desc(), recaps.c.number.desc()).limit(1))).first()
    return None if row is None else Recap(row.text, row.upto)


def _said(turn: Turn) -> Any:
    return turn.id, turn.text, (turn.take.id, turn.take.text) if turn.take else None
