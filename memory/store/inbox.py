"""The inbox: letters as they come in, each once, and how far their answers are.

Knows nothing of platforms or of how an answer comes about.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.errors import NotFound
from memory.inbox import Change, Edited, Kept, Letter, LetterState
from memory.store.database import Database, whole
from memory.store.letters import DELETED, IN_THREAD, by_message, changed, in_thread, kept_of, values_of
from memory.store.post import Post
from memory.store.reach import insert_new, now, placed
from memory.tables import inbox, turns

REMEMBERED = timedelta(days=1)
"""How long an edit or a deletion waits for the message it is about."""

_OPEN = (LetterState.WAITING, LetterState.WORKING)

# A turn's own statements are made once: putting one together takes longer than running it.
_TAKE = (
    update(inbox)
    .where(IN_THREAD, inbox.c.number.in_(bindparam("numbers", expanding=True)), inbox.c.state.in_(_OPEN))
    .values(state=LetterState.WORKING, attempts=inbox.c.attempts + 1)
    .returning(inbox)
)
_ANSWERED = or_(inbox.c.head == bindparam("of_head"), inbox.c.number == bindparam("of_head"))
_PAGE = select(turns.c.chosen).where(turns.c.id == bindparam("of_turn")).scalar_subquery()
_END = (
    update(inbox).where(IN_THREAD, _ANSWERED, inbox.c.state.in_(bindparam("states", expanding=True))).values(take=_PAGE)
)


class Inbox:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._post = Post(database)

    async def put(self, letter: Letter) -> Kept | None:
        """Keeps a letter, as it was edited where the edit came first; None when its event or its message is
        here already, or its deletion came first."""
        return await self._post.put(letter)

    @whole
    async def take(self, scope: Scope, numbers: Sequence[int]) -> tuple[Kept, ...]:
        """These letters are answered together from now on, the first that is left being their head: as they are
        now and in this order, this attempt counted. None when nobody waits for that any more."""
        async with self._db.noting() as tx:
            taken = await tx.execute(_TAKE, placed(scope, numbers=list(numbers), head=numbers[0]))
            found = {row["number"]: kept_of(row) for row in taken.mappings()}
            left = [found[number] for number in numbers if number in found]
            if left and left[0].number != numbers[0]:  # the first was deleted a moment ago
                head = left[0].number
                await tx.execute(update(inbox).where(inbox.c.number.in_(found)).values(head=head))
                left = [replace(one, head=head) for one in left]
            return tuple(left)

    @whole
    async def sending(self, scope: Scope, head: int, ids: Sequence[str] = ()) -> None:
        """The answer is about to be shown, or is now shown as the messages ``ids``."""
        async with self._db.writing() as tx:
            mine = and_(in_thread(scope), inbox.c.number == head)
            await tx.execute(update(inbox).where(mine).values(sending=1, ids=list(ids)))

    @whole
    async def end(
        self,
        scope: Scope,
        head: int,
        state: LetterState,
        reason: str = "",
        *,
        turn: str = "",
        unbegun: bool = False,
    ) -> bool:
        """Ends a letter and those that are answered with it; ``turn`` is the one its answer is the chosen
        page of. Whether there was something to end; ``unbegun``: only what nobody took."""
        states = [LetterState.WAITING] if unbegun else list(_OPEN)
        ended = placed(scope, states=states, of_head=head, of_turn=turn, state=state, reason=reason, head=head)
        async with self._db.writing() as tx:
            return bool((await tx.execute(_END, ended)).rowcount)

    @whole
    async def find(self, scope: Scope, message: str) -> Kept | None:
        """The letter that brought this message of the scope's room."""
        async with self._db.reading() as tx:
            found = await by_message(tx, scope, message)
            return None if found is None or found.state is LetterState.EXPECTED else found

    @whole
    async def together(self, scope: Scope, message: str) -> tuple[Kept, ...]:
        """The letters that are answered with the one that brought this message of the scope's room, that one among
        them, in the order they were said and without the deleted."""
        async with self._db.reading() as tx:
            found = await by_message(tx, scope, message)
            if found is None or found.state is LetterState.EXPECTED:
                return ()
            letters = [one for one in await _group(tx, found) if one.letter.kind != DELETED]
            return tuple(sorted(letters, key=lambda one: (one.letter.sent or one.received, one.number)))

    @whole
    async def page(self, scope: Scope, message: str) -> str | None:
        """The take that was shown last as this message of ours in the scope's thread."""
        async with self._db.reading() as tx:
            shown = and_(in_thread(scope), inbox.c.take.is_not(None), inbox.c.ids.contains(message))
            newest = select(inbox.c.take, inbox.c.ids).where(shown).order_by(inbox.c.number.desc())
            rows = (await tx.execute(newest)).all()
            return next((row.take for row in rows if message in row.ids), None)

    @whole
    async def shown(self, scope: Scope, take: str) -> tuple[str, ...]:
        """The messages of ours that show this take in the scope's thread."""
        async with self._db.reading() as tx:
            mine = select(inbox.c.ids).where(in_thread(scope), inbox.c.take == take).order_by(inbox.c.number.desc())
            ids = (await tx.execute(mine.limit(1))).scalar_one_or_none()
            return tuple(ids or ())

    @whole
    async def change(self, scope: Scope, message: str, said: Edited | None, early: bool = False) -> Change | None:
        """The person changed a message, or deleted it (None). A message that has not come yet is expected
        where ``early``. None when there is nothing more to do. Raises NotFound."""
        async with self._db.writing() as tx:
            found = await by_message(tx, scope, message, hold=True)
            if found is None and early:
                if await _expect(tx, scope, message, said):
                    return None
                found = await by_message(tx, scope, message, hold=True)  # it came at the same moment
            if found is None:
                raise NotFound("That message never came here.")
            if found.state is LetterState.EXPECTED:
                await tx.execute(update(inbox).where(inbox.c.number == found.number).values(**changed(said)))
                return None
            if found.letter.kind == DELETED and (said or found.state is LetterState.WITHDRAWN):
                return None  # what was deleted stays so
            return await _change(tx, found, said)

    @whole
    async def engaged(self, scope: Scope) -> bool:
        """Whether somebody has spoken to us in this thread."""
        async with self._db.reading() as tx:
            spoken = select(inbox.c.number).where(in_thread(scope), inbox.c.state != LetterState.EXPECTED)
            return (await tx.execute(spoken.limit(1))).first() is not None

    @whole
    async def open(self, scope: Scope) -> tuple[Kept, ...]:
        """What waits or is answered in a thread, in the order it came."""
        async with self._db.reading() as tx:
            here = select(inbox).where(in_thread(scope), inbox.c.state.in_(_OPEN)).order_by(inbox.c.number)
            return tuple(kept_of(row) for row in (await tx.execute(here)).mappings())

    @whole
    async def unfinished(self, platform: str) -> tuple[Kept, ...]:
        """For the start of a program: what waits or was being answered on a platform, in the order it
        came. Without a scope: it serves no one's request."""
        async with self._db.reading() as tx:
            open_ = and_(inbox.c.platform == platform, inbox.c.state.in_(_OPEN))
            rows = await tx.execute(select(inbox).where(open_).order_by(inbox.c.number))
            return tuple(kept_of(row) for row in rows.mappings())


async def _expect(tx: AsyncConnection, scope: Scope, message: str, said: Edited | None) -> bool:
    """Of a message that is not here only this is kept, and not for long. False where it is here by now."""
    forgotten = and_(inbox.c.platform == scope.platform, inbox.c.state == LetterState.EXPECTED)
    await tx.execute(delete(inbox).where(forgotten, inbox.c.received < now() - REMEMBERED))
    letter = Letter("", f"early:{scope.room}:{message}", scope, "", message=message)
    empty = {"attempts": 0, "sending": 0, "ids": [], "reason": "", "received": now()}
    values = values_of(letter) | changed(said) | empty
    return await insert_new(tx, inbox, **values, state=LetterState.EXPECTED) is not None


async def _change(tx: AsyncConnection, found: Kept, said: Edited | None) -> Change:
    waiting = found.state is LetterState.WAITING
    ended = {"state": LetterState.WITHDRAWN, "head": found.number} if said is None and waiting else {}
    await tx.execute(update(inbox).where(inbox.c.number == found.number).values(**changed(said), **ended))
    head, letters = found.head or found.number, await _group(tx, found)
    event = next(one.letter.event for one in letters if one.number == head)
    return Change(found.number, event, waiting, tuple(one for one in letters if one.letter.kind != DELETED))


async def _group(tx: AsyncConnection, found: Kept) -> list[Kept]:
    """All letters of one answer, in the order they came."""
    head = found.head or found.number
    group = select(inbox).where((inbox.c.head == head) | (inbox.c.number == head)).order_by(inbox.c.number)
    return [kept_of(row) for row in (await tx.execute(group)).mappings()]
