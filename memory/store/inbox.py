"""The inbox: letters as they come in, each once, and how far their answers are.

Knows nothing of platforms or of how an answer comes about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.errors import NotFound
from memory.inbox import Change, Kept, Letter, LetterState
from memory.store.database import Database, whole
from memory.store.reach import insert_new, now
from memory.tables import inbox

DELETED = "deleted"
_OPEN = (LetterState.WAITING, LetterState.WORKING)


class Inbox:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def put(self, letter: Letter) -> Kept | None:
        """Keeps a letter; None when its event or its message is here already."""
        scope = letter.scope
        place = {"platform": scope.platform, "tenant": scope.tenant, "room": scope.room, "thread": scope.thread}
        said = {"kind": letter.kind, "author": letter.author, "text": letter.text, "name": letter.name}
        more = {"given": dict(letter.values), "target": letter.target, "files": [list(file) for file in letter.files]}
        fresh: dict[str, Any] = {
            "state": LetterState.WAITING,
            "head": None,
            "attempts": 0,
            "sending": 0,
            "ids": [],
            "reason": "",
        }
        names = {"event": letter.event, "message": letter.message or None, "sent": letter.sent}
        async with self._db.writing() as tx:
            if not await insert_new(tx, inbox, **place, **names, **said, **more, **fresh, received=now()):
                return None
            row = await tx.execute(select(inbox).where(_event(scope, letter.event)))
            return _kept(row.mappings().one())

    @whole
    async def take(self, scope: Scope, numbers: Sequence[int]) -> int:
        """These letters are answered together from now on, the first being their head. How often that
        was tried, this time included."""
        async with self._db.writing() as tx:
            mine = and_(_thread(scope), inbox.c.number.in_(numbers))
            taken = {"state": LetterState.WORKING, "head": numbers[0], "attempts": inbox.c.attempts + 1}
            await tx.execute(update(inbox).where(mine).values(**taken))
            tried = select(func.max(inbox.c.attempts)).where(mine)
            return int((await tx.execute(tried)).scalar_one() or 1)

    @whole
    async def sending(self, scope: Scope, head: int, ids: Sequence[str] = ()) -> None:
        """The answer is about to be shown, or is now shown as the messages ``ids``."""
        async with self._db.writing() as tx:
            mine = and_(_thread(scope), inbox.c.number == head)
            await tx.execute(update(inbox).where(mine).values(sending=1, ids=list(ids)))

    @whole
    async def end(self, scope: Scope, head: int, state: LetterState, reason: str = "") -> None:
        """Ends a letter and those that are answered with it."""
        async with self._db.writing() as tx:
            mine = and_(_thread(scope), (inbox.c.head == head) | (inbox.c.number == head))
            ended = and_(mine, inbox.c.state.in_(_OPEN))
            await tx.execute(update(inbox).where(ended).values(state=state, reason=reason, head=head))

    @whole
    async def find(self, scope: Scope, message: str) -> Kept | None:
        """The letter that brought this message of the scope's room."""
        async with self._db.reading() as tx:
            return await _message(tx, scope, message)

    @whole
    async def change(self, scope: Scope, message: str, text: str | None) -> Change:
        """The person changed a message, or deleted it (None). Raises NotFound."""
        async with self._db.writing() as tx:
            found = await _message(tx, scope, message)
            if found is None:
                raise NotFound("That message never came here.")
            said: dict[str, Any] = {"text": text} if text is not None else {"text": "", "kind": DELETED}
            waiting = found.state is LetterState.WAITING
            if text is None and waiting:
                said |= {"state": LetterState.WITHDRAWN, "head": found.number}
            await tx.execute(update(inbox).where(inbox.c.number == found.number).values(**said))
            head = found.head or found.number
            group = select(inbox).where((inbox.c.head == head) | (inbox.c.number == head)).order_by(inbox.c.number)
            letters = [_kept(row) for row in (await tx.execute(group)).mappings()]
            event = next(one.letter.event for one in letters if one.number == head)
            return Change(found.number, event, waiting, tuple(one for one in letters if one.letter.kind != DELETED))

    @whole
    async def engaged(self, scope: Scope) -> bool:
        """Whether somebody has spoken to us in this thread."""
        async with self._db.reading() as tx:
            return (await tx.execute(select(inbox.c.number).where(_thread(scope)).limit(1))).first() is not None

    @whole
    async def unfinished(self, platform: str) -> tuple[Kept, ...]:
        """For the start of a program: what waits or was being answered on a platform, in the order it
        came. Without a scope: it serves no one's request."""
        async with self._db.reading() as tx:
            open_ = and_(inbox.c.platform == platform, inbox.c.state.in_(_OPEN))
            rows = await tx.execute(select(inbox).where(open_).order_by(inbox.c.number))
            return tuple(_kept(row) for row in rows.mappings())


def _thread(scope: Scope) -> ColumnElement[bool]:
    return and_(_room(scope), inbox.c.thread == scope.thread)


def _room(scope: Scope) -> ColumnElement[bool]:
    return and_(inbox.c.platform == scope.platform, inbox.c.tenant == scope.tenant, inbox.c.room == scope.room)


def _event(scope: Scope, event: str) -> ColumnElement[bool]:
    return and_(inbox.c.platform == scope.platform, inbox.c.tenant == scope.tenant, inbox.c.event == event)


async def _message(tx: AsyncConnection, scope: Scope, message: str) -> Kept | None:
    row = (await tx.execute(select(inbox).where(_room(scope), inbox.c.message == message))).mappings().first()
    return None if row is None else _kept(row)


def _kept(row: RowMapping | Mapping[str, Any]) -> Kept:
    scope = Scope(row["platform"], row["tenant"], row["room"], row["thread"])
    letter = Letter(
        kind=row["kind"],
        event=row["event"],
        scope=scope,
        author=row["author"],
        text=row["text"],
        name=row["name"],
        values=row["given"],
        target=row["target"],
        message=row["message"] or "",
        files=tuple((name, where, media) for name, where, media in row["files"]),
        sent=row["sent"],
    )
    return Kept(
        number=row["number"],
        letter=letter,
        state=LetterState(row["state"]),
        received=row["received"],
        head=row["head"],
        attempts=row["attempts"],
        sending=bool(row["sending"]),
        ids=tuple(row["ids"]),
        reason=row["reason"],
    )
