"""Takes: how an answer to a turn is begun, held while it is changed, chosen and cut short.

Knows nothing of who asks for that.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import BROKEN_OFF, INTERRUPTED, Scope, Take, TakeStatus, Turn
from memory.errors import NotFound
from memory.outbox import Record
from memory.store.outbox import enqueue
from memory.store.reach import WITHIN, now, placed, within
from memory.store.recaps import let_go
from memory.store.rows import take_of
from memory.store.threads import the_turn
from memory.store.titles import touch
from memory.tables import takes, threads, turns

# A take can be written on while it is WRITING; also after another program that started meanwhile
# took its writer for dead.
OPEN = or_(takes.c.status == TakeStatus.WRITING, takes.c.reason.in_((INTERRUPTED, BROKEN_OFF)))


def _hold(*which: ColumnElement[bool]) -> Select[Any]:
    query = select(turns.c.id).join(takes, takes.c.turn == turns.c.id).join(threads, threads.c.id == turns.c.thread)
    return query.where(*which).limit(1).with_for_update(of=threads, key_share=True)


# A turn's own statements are made once: putting one together takes longer than running it.
_TAKE = insert(takes).returning(takes)
HOLD_BY_TAKE = _hold(takes.c.id == bindparam("of_take"), WITHIN)
_CHOOSE = update(turns).where(turns.c.id == bindparam("of_turn"))


async def begin_take(tx: AsyncConnection, take: str, turn: str, number: int, steer: str, moment: datetime) -> Take:
    fresh = {"id": take, "turn": turn, "number": number, "steer": steer, "created": moment}
    empty = {"text": "", "status": TakeStatus.WRITING, "reason": "", "writer": "", "receipts": {}}
    return take_of((await tx.execute(_TAKE, fresh | empty)).mappings().one())


async def hold_turn(tx: AsyncConnection, scope: Scope, which: Any) -> Turn:
    """The turn with a take that ``which`` describes; its thread is kept from other writers."""
    return await held_turn(tx, scope, _hold(which, within(scope)))


async def held_turn(tx: AsyncConnection, scope: Scope, hold: Select[Any], **which: Any) -> Turn:
    found = (await tx.execute(hold, placed(scope, **which))).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such answer here; it may belong to another thread.")
    return await the_turn(tx, scope, found)


async def choose_if_better(tx: AsyncConnection, turn: Turn, take: str, text: str, wanted: bool) -> None:
    """A take with text that a person has or ``wanted`` replaces the chosen one; any other only where
    there is nothing to lose."""
    shown = turn.take is not None and turn.take.id != take and bool(turn.take.text.strip())
    if (wanted and text.strip()) or not shown:
        await tx.execute(_CHOOSE, {"of_turn": turn.id, "chosen": take})
        if turn.take is None or turn.take.id != take:
            await let_go(tx, turn)


async def interrupt(tx: AsyncConnection, scope: Scope, take: Take) -> tuple[Scope, Turn | None]:
    """Ends a take that nobody writes any more; no turn where it has ended meanwhile."""
    ended = {"status": TakeStatus.STOPPED, "reason": INTERRUPTED, "ended": now()}
    written = and_(takes.c.id == take.id, takes.c.status == TakeStatus.WRITING)
    if not (await tx.execute(update(takes).where(written).values(**ended))).rowcount:
        return scope, None
    turn = await the_turn(tx, scope, take.turn)
    await choose_if_better(tx, turn, take.id, take.text, wanted=False)
    await touch(tx, turn)
    await enqueue(tx, Record.TURN, turn.id)
    return scope, await the_turn(tx, scope, turn.id)
