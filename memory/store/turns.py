"""Turns and takes: what a person said, and every answer to it from its first word on.

Knows nothing of who writes the answers. A take's text is kept while it is written, so that a
program that dies loses nothing that was seen.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Begun, Scope, Take, TakeStatus, Turn
from memory.errors import Refused
from memory.lease import lease_in_force
from memory.outbox import Record
from memory.store.database import Database, whole
from memory.store.leases import clock, held_elsewhere
from memory.store.outbox import enqueue
from memory.store.reach import hold_thread, insert_new, new_id, now, within
from memory.store.recaps import let_go
from memory.store.rows import scope_of, take_of, turn_of, turn_with, turns_with_take
from memory.store.takes import HOLD_BY_TAKE, OPEN, begin_take, choose_if_better, held_turn, hold_turn, interrupt
from memory.store.threads import BEGIN, FORGET, move_head, the_turn
from memory.store.titles import rename_after, touch
from memory.store.walk import path_end
from memory.tables import path, ratings, takes, threads, turn_changes, turns

EDIT, WITHDRAW = "edit", "withdraw"

# A turn's own statements are made once: putting one together takes longer than running it.
_DEPTH = select(turns.c.depth).where(turns.c.id == bindparam("of_turn"))
_STEP = insert(path)
_END = update(takes).where(takes.c.id == bindparam("of_take"), OPEN)


class Turns:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def begin(self, scope: Scope, author: str, text: str, format: str, event_id: str = "") -> Begun:  # noqa: A002
        """Adds what ``author`` said after the head, moves the head to it and begins its first take.
        An event that was delivered before changes nothing. An empty ``event_id`` is never the same
        as another. Raises NotFound when the scope's thread was not opened."""
        async with self._db.noting() as tx:
            thread = await hold_thread(tx, scope)
            turn, take, moment = new_id(), new_id(), now()
            depth = 1
            if thread["head"]:
                depth += (await tx.execute(_DEPTH, {"of_turn": thread["head"]})).scalar_one()
            place = {"thread": thread["id"], "platform": scope.platform, "tenant": scope.tenant}
            said = {"author": author, "text": text, "format": format, "event": event_id or None}
            tree = {"parent": thread["head"], "depth": depth, "branch": thread["branch"], "chosen": take}
            row = await insert_new(tx, turns, id=turn, **place, **said, **tree, created=moment)
            if row is None:
                return await _delivered(tx, scope, thread["id"], event_id)
            begun = await begin_take(tx, take, turn, 1, "", moment)
            await tx.execute(_STEP, {"thread": thread["id"], "depth": depth, "turn": turn})
            await move_head(tx, thread["id"], BEGIN, turn, turn)
            return Begun(turn_with(row, begun), begun)

    @whole
    async def draft(self, scope: Scope, take: str, text: str) -> None:
        """Keeps what has been shown of a take so far: all of it, not the difference. A take that has
        ended stays as it is."""
        async with self._db.noting() as tx:
            mine = select(turns.c.id).join(threads, threads.c.id == turns.c.thread).where(within(scope))
            await tx.execute(update(takes).where(takes.c.id == take, takes.c.turn.in_(mine), OPEN).values(text=text))

    @whole
    async def finish(
        self,
        scope: Scope,
        take: str,
        text: str,
        status: TakeStatus,
        reason: str = "",
        receipts: Mapping[str, Any] | None = None,
        writer: str = "",
    ) -> Turn:
        """Ends a take with what was really shown. It becomes the turn's chosen answer unless it failed
        or is empty and there is a better one. Names a thread without a title. A take that has ended
        stays as it is. Raises NotFound, Refused."""
        if status is TakeStatus.WRITING:
            raise Refused("A take cannot end as being written; say how it ended.")
        ended = {"text": text, "status": status, "reason": reason, "receipts": dict(receipts or {}), "writer": writer}
        async with self._db.writing() as tx:
            turn = await held_turn(tx, scope, HOLD_BY_TAKE, of_take=take)
            done = await tx.execute(_END, {"of_take": take, **ended, "ended": now()})
            if done.rowcount:
                await choose_if_better(tx, turn, take, text, wanted=status is not TakeStatus.FAILED)
                await touch(tx, turn)
                await enqueue(tx, Record.TURN, turn.id)
            return await the_turn(tx, scope, turn.id)

    @whole
    async def again(self, scope: Scope, turn: str, steer: str = "") -> Take:
        """Begins a further take of a turn. Raises NotFound."""
        async with self._db.writing() as tx:
            await hold_turn(tx, scope, turns.c.id == turn)
            last = (await tx.execute(select(func.max(takes.c.number)).where(takes.c.turn == turn))).scalar_one()
            return await begin_take(tx, new_id(), turn, last + 1, steer, now())

    @whole
    async def takes(self, scope: Scope, turn: str) -> tuple[Take, ...]:
        """All takes of a turn in the order they were begun, without the withdrawn. Raises NotFound."""
        async with self._db.reading() as tx:
            await the_turn(tx, scope, turn)
            here = and_(takes.c.turn == turn, takes.c.status != TakeStatus.WITHDRAWN)
            rows = await tx.execute(select(takes).where(here).order_by(takes.c.number))
            return tuple(take_of(row) for row in rows.mappings())

    @whole
    async def choose(self, scope: Scope, turn: str, take: str) -> Turn:
        """Makes a take the turn's answer. Raises NotFound; Refused for one that is still written or was
        withdrawn."""
        async with self._db.writing() as tx:
            held = await hold_turn(tx, scope, and_(turns.c.id == turn, takes.c.id == take))
            status = (await tx.execute(select(takes.c.status).where(takes.c.id == take))).scalar_one()
            if status == TakeStatus.WRITING:
                raise Refused("That take is still being written; wait for it or stop it, then choose it.")
            if status == TakeStatus.WITHDRAWN:
                raise Refused("That take was deleted; choose another.")
            await tx.execute(update(turns).where(turns.c.id == turn).values(chosen=take))
            await let_go(tx, held)
            await enqueue(tx, Record.TURN, turn)
            return await the_turn(tx, scope, turn)

    @whole
    async def revise(self, scope: Scope, turn: str, text: str, who: str, receipts: Mapping[str, Any]) -> Turn:
        """Adds a take that ``who`` wrote by hand and makes it the turn's answer; the earlier ones stay.
        Raises NotFound, Refused for an empty one."""
        if not text.strip():
            raise Refused("A page needs words; delete it where it was shown to take it back.")
        async with self._db.writing() as tx:
            held = await hold_turn(tx, scope, turns.c.id == turn)
            last = (await tx.execute(select(func.max(takes.c.number)).where(takes.c.turn == turn))).scalar_one()
            take = (await begin_take(tx, new_id(), turn, last + 1, "", now())).id
            ended = {"text": text, "status": TakeStatus.COMPLETE, "receipts": dict(receipts), "writer": who}
            await tx.execute(update(takes).where(takes.c.id == take).values(**ended, ended=now()))
            await tx.execute(update(turns).where(turns.c.id == turn).values(chosen=take))
            await let_go(tx, held)
            await touch(tx, held)
            await enqueue(tx, Record.TURN, turn)
            return await the_turn(tx, scope, turn)

    @whole
    async def get(self, scope: Scope, turn: str) -> Turn | None:
        async with self._db.reading() as tx:
            row = (await tx.execute(turns_with_take().where(turns.c.id == turn, within(scope)))).mappings().first()
            return None if row is None else turn_of(row)

    @whole
    async def by_event(self, scope: Scope, event: str) -> Turn | None:
        """The turn that this event of the scope's thread made."""
        async with self._db.reading() as tx:
            return await _by_event(tx, scope, event)

    @whole
    async def edit(self, scope: Scope, turn: str, text: str, who: str) -> Turn:
        """The person changed what they had said. The old words are kept; what was derived from them is
        not. Raises NotFound."""
        async with self._db.writing() as tx:
            held = await hold_turn(tx, scope, turns.c.id == turn)
            if held.text != text:
                await _change(tx, held, EDIT, who)
                await tx.execute(update(turns).where(turns.c.id == turn).values(text=text))
                await rename_after(tx, held)
            return await the_turn(tx, scope, turn)

    @whole
    async def forget(self, scope: Scope, turn: str, who: str) -> Turn:
        """The person took back what they had said: it and its answer leave the thread's path and the
        index. The turns after it stay. Raises NotFound."""
        async with self._db.writing() as tx:
            held = await hold_turn(tx, scope, turns.c.id == turn)
            await _change(tx, held, FORGET, who)
            await tx.execute(delete(path).where(path.c.turn == turn))
            head = (await tx.execute(select(threads.c.head).where(threads.c.id == held.thread))).scalar_one()
            end, _ = await path_end(tx, held.thread)
            if head != end:
                await move_head(tx, held.thread, FORGET, turn, end)
            await rename_after(tx, held)
            return held

    @whole
    async def withdraw(self, scope: Scope, take: str, who: str) -> Turn:
        """Somebody deleted a page where it was shown: what the person said stays, and this is no answer to
        it any more, neither in the conversation nor in the index. The ledger keeps its words. Raises
        NotFound, Refused for one that is still written."""
        async with self._db.writing() as tx:
            held = await hold_turn(tx, scope, takes.c.id == take)
            ended = and_(takes.c.id == take, takes.c.status != TakeStatus.WRITING)
            gone = {"status": TakeStatus.WITHDRAWN, "reason": ""}  # with its reason it might be written on
            if not (await tx.execute(update(takes).where(ended).values(**gone))).rowcount:
                raise Refused("That page is still being written; stop it first.")
            if held.take is not None and held.take.id == take:
                await tx.execute(update(turns).where(turns.c.id == held.id).values(chosen=None))
                await _change(tx, held, WITHDRAW, who)
            return await the_turn(tx, scope, held.id)

    @whole
    async def rate(self, scope: Scope, turn: str, who: str, verdict: int) -> None:
        """Keeps what somebody thinks of a turn's chosen answer: 1 is good, -1 is not. The last word of
        each person counts. Raises NotFound."""
        async with self._db.writing() as tx:
            held = await hold_turn(tx, scope, turns.c.id == turn)
            take = held.take.id if held.take else None
            await tx.execute(insert(ratings).values(turn=turn, take=take, who=who, verdict=verdict, rated=now()))

    @whole
    async def ratings(self, scope: Scope, turn: str) -> Mapping[str, int]:
        """Each person's last verdict on a turn. Raises NotFound."""
        async with self._db.reading() as tx:
            await the_turn(tx, scope, turn)
            rows = await tx.execute(select(ratings).where(ratings.c.turn == turn).order_by(ratings.c.number))
            return {row.who: row.verdict for row in rows}

    @whole
    async def recover(self, holder: str = "") -> list[tuple[Scope, Turn]]:
        """For the start of a program: ends every take that a program which died was writing, with what
        had been shown of it. The turns, with where they are. What is written under another's lease is under way and
        stays; what ``holder`` has, it had before it died. The only call here without a scope: it serves no one's
        request."""
        query = (
            select(takes, threads).join(turns, turns.c.id == takes.c.turn).join(threads, threads.c.id == turns.c.thread)
        )
        async with self._db.writing() as tx:
            dead = and_(takes.c.status == TakeStatus.WRITING, ~held_elsewhere(holder, await clock(tx)))
            # The threads are held, in an order, as whoever finishes a take holds its thread first.
            query = query.where(dead).order_by(threads.c.id, takes.c.created)
            rows = (await tx.execute(query.with_for_update(of=threads, key_share=True))).mappings().all()
            ended = [await interrupt(tx, scope_of(row), take_of(row)) for row in rows]
            return [(scope, turn) for scope, turn in ended if turn is not None]


async def _by_event(tx: AsyncConnection, scope: Scope, event: str) -> Turn | None:
    row = (await tx.execute(turns_with_take().where(within(scope), turns.c.event == event))).mappings().first()
    return None if row is None else turn_of(row)


async def _change(tx: AsyncConnection, turn: Turn, what: str, who: str) -> None:
    """Keeps what a turn was, and lets go of what was made of it: its passages and the recaps that tell it."""
    kept = {"turn": turn.id, "what": what, "before": turn.text, "who": who, "changed": now()}
    await tx.execute(insert(turn_changes).values(**kept))
    await let_go(tx, turn)
    await enqueue(tx, Record.TURN, turn.id)


async def _delivered(tx: AsyncConnection, scope: Scope, thread: str, event_id: str) -> Begun:
    """The turn that the event made when it came first, if that was in this room. Who has the thread's lease
    knows that nobody writes there any more."""
    room = within(Scope(scope.platform, scope.tenant, scope.room))
    row = (await tx.execute(turns_with_take().where(room, turns.c.event == event_id))).mappings().first()
    if row is None:
        raise Refused("This message was answered in another room already.")
    turn, lease = turn_of(row), lease_in_force()
    ours = lease is not None and lease.scope == scope and turn.thread == thread
    if ours and turn.take is not None:
        turn = (await interrupt(tx, scope, turn.take))[1] or turn
    if turn.take is not None:
        return Begun(turn, turn.take, fresh=False)
    last = select(takes).where(takes.c.turn == turn.id).order_by(takes.c.number.desc()).limit(1)
    return Begun(turn, take_of((await tx.execute(last)).mappings().one()), fresh=False)
