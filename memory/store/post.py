"""Post: keeps letters that come at the same time in one transaction, so that a crowd costs one write to
the disk and nobody is acknowledged before theirs is there.

Knows nothing of what becomes of letters.
"""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.errors import LedgerError, LedgerUnavailable
from memory.inbox import Edited, Kept, Letter, LetterState
from memory.store.database import Database, whole
from memory.store.letters import DELETED, by_event, changed, in_room, kept_of, values_of
from memory.store.reach import new, now
from memory.tables import inbox

AT_ONCE = 100  # of a statement's parameters, which every database bounds

Waiting = tuple[Letter, "asyncio.Future[Kept | None]"]


class Post:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._coming: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def put(self, letter: Letter) -> Kept | None:
        """Returns when the letter is on the disk. Under no lease: whoever hears something may keep it."""
        future: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()
        self._coming.append((letter, future))
        if self._working is None or self._working.done():
            self._working = asyncio.get_running_loop().create_task(self._work(), context=Context())
        return await future

    async def _work(self) -> None:
        while self._coming:
            batch, self._coming = self._coming[:AT_ONCE], self._coming[AT_ONCE:]
            try:
                _tell(batch, await self._keep([letter for letter, _ in batch]))
            except LedgerUnavailable as error:  # each by itself would only wait as long once more
                _fail(batch, error)
            except (LedgerError, SQLAlchemyError, ValueError):
                await self._one_by_one(batch)

    async def _one_by_one(self, batch: Sequence[Waiting]) -> None:
        """What is wrong with one letter must not keep out the others."""
        for number, one in enumerate(batch):
            try:
                _tell([one], await self._keep([one[0]]))
            except LedgerUnavailable as error:
                _fail(batch[number:], error)
                return
            except (LedgerError, SQLAlchemyError, ValueError) as error:
                _fail([one], error)

    @whole
    async def _keep(self, letters: Sequence[Letter]) -> list[Kept | None]:
        async with self._db.writing() as tx:
            fresh = {"state": LetterState.WAITING, "attempts": 0, "sending": 0, "ids": [], "reason": ""}
            rows: list[dict[str, Any]] = [{**values_of(letter), **fresh, "received": now()} for letter in letters]
            added = await tx.execute(new(tx.dialect.name, inbox), rows)
            kept = {_name(one.letter): one for one in map(kept_of, added.mappings())}
            return [kept.pop(_name(letter), None) or await _expected(tx, letter) for letter in letters]


async def _expected(tx: AsyncConnection, letter: Letter) -> Kept | None:
    """A letter whose edit or deletion was here before it; None when it was here itself."""
    mine = and_(in_room(letter.scope), inbox.c.message == letter.message, inbox.c.state == LetterState.EXPECTED)
    row = (await tx.execute(select(inbox).where(mine).with_for_update())).mappings().first() if letter.message else None
    if row is None:
        return None
    early = kept_of(row)
    gone = early.letter.kind == DELETED
    said = None if gone else Edited(early.letter.text, early.letter.name)
    now_open = {"state": LetterState.WITHDRAWN if gone else LetterState.WAITING, "head": early.number if gone else None}
    values = values_of(letter) | changed(said) | now_open | {"received": now()}
    await tx.execute(update(inbox).where(inbox.c.number == early.number).values(**values))
    return None if gone else await by_event(tx, letter.scope, letter.event)


def _tell(batch: Sequence[Waiting], kept: Sequence[Kept | None]) -> None:
    for (_, future), one in zip(batch, kept, strict=True):
        if not future.done():  # whoever waited may have gone
            future.set_result(one)


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)


def _name(letter: Letter) -> tuple[str, str, str]:
    return letter.scope.platform, letter.scope.tenant, letter.event
