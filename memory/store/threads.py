"""Threads: where the head stands, how it moves, and the one read of a turn.

Knows nothing of how turns come to be. A head's every move is kept; undoing deletes nothing.
"""

from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Conversation, Due, Recap, Room, Scope, Thread, Turn
from memory.errors import NotFound
from memory.outbox import Record
from memory.store.database import Database, whole
from memory.store.outbox import enqueue
from memory.store.reach import (
    EXACTLY,
    WITHIN,
    exactly,
    hold_show,
    hold_thread,
    in_room,
    insert_new,
    new_id,
    now,
    of_show,
    placed,
    within,
)
from memory.store.recaps import keep
from memory.store.rows import heads, room_of, show_of, thread_of, threads_with_recap, turn_of, turns_with_take
from memory.store.walk import on_path, path_end, stretch, whole_path
from memory.tables import head_moves, path, recaps, rooms, threads, turn_changes, turns

BEGIN, UNDO, REDO, FORGET = "begin", "undo", "redo", "forget"

LEAST, MOST = 4, 12


def block(window: int) -> int:
    """How many turns leave a window together. What stands before them in a prompt stays the same meanwhile, so
    that a model need not read it again: the more at once, the less is read, and the more is in the window."""
    return min(MOST, max(LEAST, 2 * window // 3))


class Threads:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def open(self, scope: Scope, show: str) -> Thread:
        """The scope's thread, made for this show and in the room's format if there is none. A thread
        keeps its show for life. Raises NotFound for a show of another tenant."""
        async with self._db.reading() as tx:
            if found := await _thread(tx, exactly(scope)):
                return found
        async with self._db.writing() as tx:
            await hold_show(tx, scope.tenant, show)
            room = (await tx.execute(select(rooms.c.format).where(in_room(scope)))).scalar_one_or_none()
            where = {"platform": scope.platform, "tenant": scope.tenant, "room": scope.room, "key": scope.thread}
            plain = {"title": "", "format": room or Room(scope).format, "note": "", "branch": "main", "head": None}
            moment = now()
            await insert_new(tx, threads, id=new_id(), **where, show=show, **plain, created=moment, touched=moment)
            return await _the_thread(tx, scope)

    @whole
    async def latest(self, scope: Scope, show: str | None = None) -> Thread | None:
        """The thread of this scope that was written in last; ``show`` narrows it."""
        condition = within(scope) if show is None else and_(within(scope), threads.c.show == show)
        async with self._db.reading() as tx:
            return await _thread(tx, condition)

    @whole
    async def listing(self, scope: Scope, limit: int = 20) -> tuple[Thread, ...]:
        """The threads of this scope, last written in first."""
        query = threads_with_recap().where(within(scope)).order_by(threads.c.touched.desc(), threads.c.id).limit(limit)
        async with self._db.reading() as tx:
            return tuple(thread_of(row) for row in (await tx.execute(query)).mappings())

    @whole
    async def of_show(self, tenant: str, show: str, limit: int = 1000) -> tuple[Thread, ...]:
        """The show's threads in whatever room, last written in first."""
        query = threads_with_recap().where(of_show(tenant, show)).order_by(threads.c.touched.desc(), threads.c.id)
        async with self._db.reading() as tx:
            return tuple(thread_of(row) for row in (await tx.execute(query.limit(limit))).mappings())

    @whole
    async def rename(self, scope: Scope, title: str) -> Thread:
        """Raises NotFound, like all below."""
        return await self._set(scope, title=title)

    @whole
    async def set_format(self, scope: Scope, format: str) -> Thread:  # noqa: A002
        return await self._set(scope, format=format)

    @whole
    async def set_note(self, scope: Scope, note: str) -> Thread:
        return await self._set(scope, note=note)

    @whole
    async def conversation(self, scope: Scope, window: int = 12) -> Conversation:
        """All that the next answer needs, in two statements whose cost does not grow with the
        thread. The recap is the latest that leaves at least ``window`` turns; what it does not tell
        stands in the window, at most a ``block`` of turns more than asked for."""
        async with self._db.reading() as tx:
            row = (await tx.execute(_conversation(window), placed(scope))).mappings().first()
            if row is None:
                raise NotFound("There is no such thread here; say something to begin one.")
            depth, told = row[heads.c.depth] or 0, row[recaps.c.upto] or 0
            first = max(told, depth - window - block(window))
            turns_ = await stretch(tx, scope, first, depth, window + block(window)) if depth else ()
            return Conversation(show_of(row), room_of(row, scope), thread_of(row), turns_)

    @whole
    async def turn_at(self, scope: Scope, depth: int) -> Turn | None:
        """The turn of the thread's path at this depth, however long the thread is."""
        async with self._db.reading() as tx:
            return next(iter(await stretch(tx, scope, depth - 1, depth, 1)), None)

    @whole
    async def on_path(self, scope: Scope, turn: str) -> Turn | None:
        """The turn, if it is on the thread's path, however long the thread is."""
        async with self._db.reading() as tx:
            return await on_path(tx, scope, turn)

    @whole
    async def every_turn(self, scope: Scope) -> tuple[Turn, ...]:
        """All turns of the thread's path, oldest first. Their takes come without receipts."""
        async with self._db.reading() as tx:
            return await whole_path(tx, scope)

    @whole
    async def undo(self, scope: Scope) -> Turn | None:
        """Moves the head one turn back, past what was forgotten. The turn that left, or None when there is none."""
        async with self._db.writing() as tx:
            thread = await hold_thread(tx, scope)
            last, _ = await path_end(tx, thread["id"])
            if last is None:
                return None
            turn = await the_turn(tx, scope, last)
            await tx.execute(delete(path).where(path.c.turn == turn.id))
            await move_head(tx, thread["id"], UNDO, turn.id, (await path_end(tx, thread["id"]))[0])
            await enqueue(tx, Record.TURN, turn.id)
            return turn

    @whole
    async def rewind(self, scope: Scope, turn: str) -> Turn:
        """Moves the head back to a turn of its path, one undo after another, so that redoing brings the
        later ones back. Raises NotFound."""
        async with self._db.writing() as tx:
            thread = await hold_thread(tx, scope)
            kept = await the_turn(tx, scope, turn)
            if (await tx.execute(select(path.c.turn).where(path.c.turn == turn))).first() is None:
                raise NotFound("That turn was taken back; `/redo` may bring it back.")
            later = select(path.c.turn).where(path.c.thread == thread["id"], path.c.depth > kept.depth)
            gone = (await tx.execute(later.order_by(path.c.depth.desc()))).scalars().all()
            for one, head in pairwise([*gone, kept.id]):
                await tx.execute(delete(path).where(path.c.turn == one))
                await move_head(tx, thread["id"], UNDO, one, head)
                await enqueue(tx, Record.TURN, one)
            return kept

    @whole
    async def redo(self, scope: Scope) -> Turn | None:
        """Takes the last undo back, as often as there was one since something new was said. The turn
        that came back, or None."""
        async with self._db.writing() as tx:
            thread = await hold_thread(tx, scope)
            undone = _last_undo(thread["id"], *await path_end(tx, thread["id"]))
            undone = (await tx.execute(undone)).scalar_one_or_none()
            if undone is None:
                return None
            turn = await the_turn(tx, scope, undone)
            await tx.execute(insert(path).values(thread=turn.thread, depth=turn.depth, turn=turn.id))
            await move_head(tx, turn.thread, REDO, turn.id, turn.id)
            await enqueue(tx, Record.TURN, turn.id)
            return turn

    @whole
    async def recap_due(self, scope: Scope, window: int = 12, limit: int = 24) -> Due | None:
        """The turns that left the window and are in no recap yet, in whole blocks of a ``block`` of
        turns, at most ``limit``; None where there are none."""
        async with self._db.reading() as tx:
            row = (await tx.execute(_recapped(window), placed(scope))).mappings().first()
            if row is None or row[heads.c.depth] is None:
                return None
            found = await stretch(tx, scope, row[recaps.c.upto] or 0, row[heads.c.depth] - window, limit)
            whole_blocks = found[: len(found) // block(window) * block(window)]
            return Due(thread_of(row).recap, whole_blocks) if whole_blocks else None

    @whole
    async def keep_recap(self, scope: Scope, due: Due, text: str) -> Recap | None:
        """Keeps ``text`` as what happened up to and with the last turn that was ``due``. It counts whenever
        that turn is on the path, so undoing and branching need not touch it. None, and nothing is kept,
        where somebody changed meanwhile what it was made of."""
        async with self._db.writing() as tx:
            thread = await hold_thread(tx, scope)
            return await keep(tx, scope, thread["id"], due, text)

    async def _set(self, scope: Scope, **values: Any) -> Thread:
        async with self._db.writing() as tx:
            await tx.execute(update(threads).where(exactly(scope)).values(**values))
            return await _the_thread(tx, scope)


@cache
def _conversation(window: int) -> Select[Any]:
    seated = and_(
        rooms.c.platform == threads.c.platform, rooms.c.tenant == threads.c.tenant, rooms.c.room == threads.c.room
    )
    return threads_with_recap(*rooms.c, spare=window).outerjoin(rooms, seated).where(EXACTLY)


@cache
def _recapped(window: int) -> Select[Any]:
    return threads_with_recap(spare=window).where(EXACTLY)


_MOVED = insert(head_moves)
_HEAD = update(threads).where(threads.c.id == bindparam("of_thread"))
_TURN = turns_with_take().where(turns.c.id == bindparam("the_turn"), WITHIN)


async def the_turn(tx: AsyncConnection, scope: Scope, turn: str) -> Turn:
    row = (await tx.execute(_TURN, placed(scope, the_turn=turn))).mappings().first()
    if row is None:
        raise NotFound("There is no such turn here; it may belong to another thread.")
    return turn_of(row)


async def move_head(tx: AsyncConnection, thread: str, why: str, turn: str, head: str | None) -> None:
    """``turn`` is the turn that came or left, ``head`` where the head stands now."""
    moment = now()
    await tx.execute(_MOVED, {"thread": thread, "why": why, "turn": turn, "head": head, "moved": moment})
    await tx.execute(_HEAD, {"of_thread": thread, "head": head, "touched": moment})


def _last_undo(thread: str, end: str | None, depth: int) -> Any:
    """The turn that was undone last from the path's ``end``, or from what was forgotten right after it. What
    is said after an undo moves the head to a new turn, from which nothing was undone, so that needs no
    looking after."""
    c, mine = turns.c, turns.c.thread == thread
    gone = exists().where(turn_changes.c.what == FORGET)
    after = select(c.id, c.depth).where(mine, gone.where(turn_changes.c.turn == c.id))
    forgotten = after.where(c.depth == depth + 1, c.parent == end).cte(recursive=True)
    deeper = and_(c.depth == forgotten.c.depth + 1, c.parent == forgotten.c.id)
    forgotten = forgotten.union_all(after.join(forgotten, deeper))
    move = head_moves.c
    here = or_(move.head == end, move.head.in_(select(forgotten.c.id)))
    undone = select(move.turn).where(move.thread == thread, move.why == UNDO, here)
    return undone.where(~gone.where(turn_changes.c.turn == move.turn)).order_by(move.number.desc()).limit(1)


async def _thread(tx: AsyncConnection, condition: ColumnElement[bool]) -> Thread | None:
    query = threads_with_recap().where(condition).order_by(threads.c.touched.desc(), threads.c.id).limit(1)
    row: RowMapping | None = (await tx.execute(query)).mappings().first()
    return None if row is None else thread_of(row)


async def _the_thread(tx: AsyncConnection, scope: Scope) -> Thread:
    found = await _thread(tx, exactly(scope))
    if found is None:
        raise NotFound("There is no such thread here; say something to begin one.")
    return found
