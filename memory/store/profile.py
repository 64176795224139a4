"""Profile: lasting preferences of rooms and people, each with who said so and who decided.

Knows nothing of how they are noticed or used.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.canon import Status
from memory.conversation import Scope
from memory.errors import NotFound, Refused
from memory.profile import Preference
from memory.store.database import Database, whole
from memory.store.reach import new_id, now, preferred_by
from memory.tables import preferences
from memory.text import fold

LIMIT = 20
"""How many of them a room, or a person, can have in force: more than that nothing can heed."""


class Profile:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def propose(self, scope: Scope, text: str, who: str, origin: str = "") -> Preference | None:
        """A wish that was noticed, waiting for the room's word; None where it was said before, whatever
        became of it then: nobody is asked twice."""
        async with self._db.writing() as tx:
            if await _said(tx, preferred_by(scope, who), text):
                return None
            return await _add(tx, scope, "", text, Status.PROPOSED, who, origin)

    @whole
    async def keep(self, scope: Scope, person: str, text: str, who: str) -> Preference:
        """A wish that somebody states: in force at once. Raises Refused."""
        async with self._db.writing() as tx:
            found = await _said(tx, and_(preferred_by(scope, person), preferences.c.person == person), text)
            if found is None or found["status"] != Status.ACCEPTED:
                await _room_for_one(tx, scope, person)
            if found is None:
                return await _add(tx, scope, person, text, Status.ACCEPTED, who, "")
            return await _decide(tx, found, Status.ACCEPTED, person, scope, who)

    @whole
    async def decide(self, scope: Scope, preference: str, status: Status, person: str, who: str) -> Preference:
        """Whoever is in the room decides its matters, each person their own. ``person`` says whose a proposal
        that is accepted becomes ("" the room's). Raises NotFound, Refused."""
        async with self._db.writing() as tx:
            condition = and_(preferred_by(scope, who), preferences.c.id == preference)
            row = (await tx.execute(select(preferences).where(condition))).mappings().first()
            if row is None:
                raise NotFound("There is no such preference here; `/remember` lists what there is.")
            if status is Status.ACCEPTED and row["status"] != Status.ACCEPTED:
                await _room_for_one(tx, scope, person)
            return await _decide(tx, row, status, person, scope, who)

    @whole
    async def held(self, scope: Scope, person: str) -> tuple[Preference, ...]:
        """What holds for a page that ``person`` asks for in this room: the room's first, then their own."""
        condition = and_(preferred_by(scope, person), preferences.c.status == Status.ACCEPTED)
        async with self._db.reading() as tx:
            query = select(preferences).where(condition).order_by(preferences.c.person != "", preferences.c.created)
            return tuple(_preference(row) for row in (await tx.execute(query)).mappings())


async def _said(tx: AsyncConnection, condition: ColumnElement[bool], text: str) -> RowMapping | None:
    query = select(preferences).where(condition, preferences.c.folded == fold(text))
    return (await tx.execute(query)).mappings().first()


async def _room_for_one(tx: AsyncConnection, scope: Scope, person: str) -> None:
    mine = and_(preferred_by(scope, person), preferences.c.person == person, preferences.c.status == Status.ACCEPTED)
    if len((await tx.execute(select(preferences.c.id).where(mine))).all()) >= LIMIT:
        raise Refused(f"There are {LIMIT} preferences already; `/remember forget N` makes room for another.")


async def _add(
    tx: AsyncConnection, scope: Scope, person: str, text: str, status: Status, who: str, origin: str
) -> Preference:
    if not text.strip():
        raise Refused("A preference needs words.")
    values = {
        "id": new_id(),
        "platform": scope.platform,
        "tenant": scope.tenant,
        "room": "" if person else scope.room,
        "person": person,
        "text": text.strip(),
        "folded": fold(text),
        "status": status.value,
        "who": who,
        "origin": origin,
        "created": now(),
    }
    await tx.execute(insert(preferences).values(**values))
    return _preference(values)


async def _decide(
    tx: AsyncConnection, row: RowMapping, status: Status, person: str, scope: Scope, who: str
) -> Preference:
    whose = {"person": person, "room": "" if person else scope.room}
    undecided = row["status"] == Status.PROPOSED and status is Status.ACCEPTED
    changed = {"status": status.value, "who": who, **(whose if undecided else {})}
    await tx.execute(update(preferences).where(preferences.c.id == row["id"]).values(**changed))
    return _preference({**row, **changed})


def _preference(row: RowMapping | Mapping[str, Any]) -> Preference:
    return Preference(
        id=row["id"],
        person=row["person"],
        text=row["text"],
        status=Status(row["status"]),
        who=row["who"],
        when=row["created"],
        origin=row["origin"],
    )
