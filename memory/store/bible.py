"""A bible file and the canon: what the file changed since it was read last is what changes here.

Knows nothing of files. A room's own edit of an entry, or its retiring, outlives a file that says
what it always said; a file that was changed since is the later word.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.canon import Draft, Entry, Status, Synced
from memory.store.database import Database, whole
from memory.store.entries import decide, filed, put, says_the_same
from memory.store.reach import hold_show
from memory.store.rows import entry_of, versions
from memory.tables import decisions, entries, entry_versions
from memory.text import fold


@dataclass(frozen=True, slots=True)
class _Known:
    """An entry as the file last told it. ``ruling``: that version is the one in force."""

    entry: Entry
    ruling: bool


class Bible:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def sync(self, tenant: str, show: str, origin: str, drafts: Iterable[Draft], who: str) -> Synced:
        """Makes the canon follow the file ``origin``, which holds all of ``drafts`` now, in one
        transaction: the same drafts again change nothing. What the file no longer holds is retired
        unless the room edited it since. Raises NotFound, Refused."""
        told, doubled = _first_of_each(drafts, origin)
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            known = await _known(tx, show, origin)
            seen: set[str] = set()
            counts = {"new": 0, "changed": 0, "unchanged": 0, "retired": 0}
            for key, draft in told.items():
                entry, how = await _follow(tx, show, known.get(key), draft, who)
                seen.add(entry)
                counts[how] += 1
            for last in known.values():
                if last.ruling and last.entry.id not in seen:
                    await _decide(tx, last.entry, Status.RETIRED, who, origin)
                    counts["retired"] += 1
        return Synced(**counts, doubled=doubled)


def _first_of_each(drafts: Iterable[Draft], origin: str) -> tuple[dict[tuple[str, str], Draft], tuple[str, ...]]:
    told: dict[tuple[str, str], Draft] = {}
    doubled = []
    for draft in drafts:
        key = (draft.kind, fold(draft.name))
        if key in told:
            doubled.append(draft.name)
        else:
            told[key] = replace(draft, origin=origin)
    return told, tuple(doubled)


async def _known(tx: AsyncConnection, show: str, origin: str) -> dict[tuple[str, str], _Known]:
    """What the file told last of each entry, by kind and name."""
    mine = versions().where(entries.c.show == show, entry_versions.c.origin == origin)
    latest: dict[str, _Known] = {}
    for row in (await tx.execute(mine.order_by(entry_versions.c.version))).mappings():
        entry = entry_of(row)
        latest[entry.id] = _Known(entry, row[entries.c.in_force] == entry.version)
    return {(known.entry.kind, fold(known.entry.name)): known for known in latest.values()}


async def _follow(tx: AsyncConnection, show: str, last: _Known | None, draft: Draft, who: str) -> tuple[str, str]:
    """Brings one entry after its draft; its id and what happened to it."""
    if last and says_the_same(last.entry, draft):
        if not last.ruling and await _retired_by(tx, last.entry.id, draft.origin):
            await _decide(tx, last.entry, Status.ACCEPTED, who, draft.origin)
            return last.entry.id, "changed"
        return last.entry.id, "unchanged"
    done = await put(tx, show, last.entry.id if last else None, draft, who, Status.ACCEPTED)
    return done.entry.id, "new" if done.new else "changed" if done.changed else "unchanged"


async def _retired_by(tx: AsyncConnection, entry: str, origin: str) -> bool:
    query = select(decisions.c.verdict, decisions.c.place).where(decisions.c.entry == entry)
    last = (await tx.execute(query.order_by(decisions.c.number.desc()).limit(1))).one_or_none()
    return bool(last and last.verdict == Status.RETIRED and last.place == origin)


async def _decide(tx: AsyncConnection, entry: Entry, status: Status, who: str, origin: str) -> None:
    known = await filed(tx, entry.show, entry.id)
    if known:
        await decide(tx, known, entry.version, status, who, "", origin)
