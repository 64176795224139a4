"""Letters as rows, and rows as letters; and the conditions under which they are found.

Knows nothing of what becomes of them.
"""

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.inbox import Edited, Kept, Letter, LetterState
from memory.tables import inbox

DELETED = "deleted"


def in_thread(scope: Scope) -> ColumnElement[bool]:
    return and_(in_room(scope), inbox.c.thread == scope.thread)


def in_room(scope: Scope) -> ColumnElement[bool]:
    return and_(inbox.c.platform == scope.platform, inbox.c.tenant == scope.tenant, inbox.c.room == scope.room)


IN_THREAD = and_(*(inbox.c[name] == bindparam(f"of_{name}") for name in ("platform", "tenant", "room", "thread")))
"""As `in_thread`, for a statement that is made once and run with `placed`."""


async def by_event(tx: AsyncConnection, scope: Scope, event: str) -> Kept:
    mine = and_(inbox.c.platform == scope.platform, inbox.c.tenant == scope.tenant, inbox.c.event == event)
    return kept_of((await tx.execute(select(inbox).where(mine))).mappings().one())


async def by_message(tx: AsyncConnection, scope: Scope, message: str, *, hold: bool = False) -> Kept | None:
    """``hold`` keeps others from changing it until the transaction ends."""
    query = select(inbox).where(in_room(scope), inbox.c.message == message)
    row = (await tx.execute(query.with_for_update() if hold else query)).mappings().first()
    return None if row is None else kept_of(row)


def values_of(letter: Letter) -> dict[str, Any]:
    scope = letter.scope
    place = {"platform": scope.platform, "tenant": scope.tenant, "room": scope.room, "thread": scope.thread}
    said = {"kind": letter.kind, "author": letter.author, "text": letter.text, "name": letter.name}
    more = {"given": dict(letter.values), "target": letter.target, "files": [list(file) for file in letter.files]}
    return {**place, **said, **more, "event": letter.event, "message": letter.message or None, "sent": letter.sent}


def changed(said: Edited | None) -> dict[str, Any]:
    """What a person's edit, or deletion (None), makes of a letter."""
    if said is None:
        return {"kind": DELETED, "text": "", "name": ""}
    return {"kind": "command" if said.name else "message", "text": said.text, "name": said.name}


def kept_of(row: RowMapping) -> Kept:
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
