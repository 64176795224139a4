"""How an entry changes, inside a transaction that holds its show.

Every change adds to the show's canon version and tells the outbox. Knows nothing of tenants:
whoever holds the show has asked.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.canon import KINDS, Draft, Entry, Status
from memory.errors import NotFound, Refused
from memory.outbox import Record
from memory.store.outbox import enqueue
from memory.store.reach import new_id, now
from memory.store.rows import current, entry_of, versions
from memory.tables import decisions, entries, entry_names, entry_versions, shows
from memory.text import clean, fold


@dataclass(frozen=True, slots=True)
class Filed:
    """An entry as it stands: its newest version, and the one in force (often the same)."""

    newest: Entry
    in_force: Entry | None

    @property
    def current(self) -> Entry:
        return self.in_force or self.newest


class Put(NamedTuple):
    """``new`` is an entry that was not there, ``changed`` one that was and says or counts otherwise."""

    entry: Entry
    new: bool
    changed: bool


def sketch(entry: Entry, origin: str, **changes: Any) -> Draft:
    """The entry as a draft, changed."""
    draft = Draft(entry.kind, entry.name, entry.text, entry.aliases, entry.tags, entry.starts, entry.ends, origin)
    return replace(draft, **changes)


def says_the_same(entry: Entry, draft: Draft) -> bool:
    """Where it came from does not matter."""
    return sketch(entry, "") == _cleaned(draft, "")


async def filed(tx: AsyncConnection, show: str, entry: str) -> Filed | None:
    mine = versions().where(entries.c.id == entry, entries.c.show == show, current)
    rows = (await tx.execute(mine.order_by(entry_versions.c.version.desc()))).mappings().all()
    if not rows:
        return None
    found = [entry_of(row) for row in rows]
    in_force = next((one for one in found if one.version == rows[0][entries.c.in_force]), None)
    return Filed(found[0], in_force)


async def put(
    tx: AsyncConnection, show: str, entry: str | None, draft: Draft, who: str, status: Status, why: str = ""
) -> Put:
    """Writes a draft as a new entry, as a new version of ``entry`` (or of the one of this kind and
    name), or not at all when that says the same already."""
    draft = _cleaned(draft, clean(draft.origin))
    if draft.kind not in KINDS:
        raise Refused(f"{draft.kind!r} is no kind of canon entry; use one of {', '.join(KINDS)}.")
    if not fold(draft.name):
        raise Refused("A canon entry needs a name.")
    entry = entry or await _by_name(tx, show, draft)
    known = await filed(tx, show, entry) if entry else None
    if known is None:
        return Put(await _write(tx, show, new_id(), 1, draft, who, status, why), new=True, changed=False)
    if known.in_force and says_the_same(known.in_force, draft):
        return Put(known.in_force, new=False, changed=False)
    if says_the_same(known.newest, draft):
        if status is not Status.ACCEPTED:
            return Put(known.newest, new=False, changed=False)
        accepted = await decide(tx, known, known.newest.version, status, who, why, draft.origin)
        return Put(accepted, new=False, changed=True)
    version = known.newest.version + 1
    return Put(await _write(tx, show, known.newest.id, version, draft, who, status, why), new=False, changed=True)


async def decide(
    tx: AsyncConnection, known: Filed, version: int, status: Status, who: str, why: str, where: str
) -> Entry:
    """Keeps a verdict on a version and makes it count: an older one that is accepted retires those after it. A
    verdict that changes nothing is kept too."""
    entry = known.newest.id
    mine = (entry_versions.c.entry == entry) & (entry_versions.c.version == version)
    row = (await tx.execute(versions().where(mine))).mappings().first()
    if row is None:
        raise NotFound(f"{known.newest.name} has no version {version}; look at its history.")
    before = entry_of(row)
    verdict = {"who": who, "verdict": status, "why": why, "place": where, "decided": now()}
    await tx.execute(insert(decisions).values(entry=entry, version=version, **verdict))
    in_force = known.in_force.version if known.in_force else None
    if before.status is status and (in_force == version) == (status is Status.ACCEPTED):
        return before
    await tx.execute(update(entry_versions).where(mine).values(status=status))
    if status is Status.ACCEPTED:
        await _enforce(tx, before)
        if version < known.newest.version:  # two that are accepted would both be told
            later = (entry_versions.c.entry == entry) & (entry_versions.c.version > version)
            once = entry_versions.c.status == Status.ACCEPTED
            await tx.execute(update(entry_versions).where(later, once).values(status=Status.RETIRED))
    elif in_force == version:
        await tx.execute(update(entries).where(entries.c.id == entry).values(in_force=None))
    await _changed(tx, before.show, entry)
    return replace(before, status=status)


async def _write(
    tx: AsyncConnection, show: str, entry: str, version: int, draft: Draft, who: str, status: Status, why: str
) -> Entry:
    if version == 1:
        key = {"kind": draft.kind, "folded": fold(draft.name)}
        await tx.execute(insert(entries).values(id=entry, show=show, **key, newest=1, in_force=None))
    moment = now()
    said = {"kind": draft.kind, "name": draft.name, "text": draft.text, "starts": draft.starts, "ends": draft.ends}
    lists = {"aliases": list(draft.aliases), "tags": list(draft.tags), "origin": draft.origin}
    made = {"status": status, "who": who, "created": moment}
    await tx.execute(insert(entry_versions).values(entry=entry, version=version, **said, **lists, **made))
    called = {fold(name) for name in (draft.name, *draft.aliases)} - {""}
    names = [{"entry": entry, "version": version, "folded": name, "show": show} for name in sorted(called)]
    await tx.execute(insert(entry_names), names)
    await tx.execute(update(entries).where(entries.c.id == entry).values(newest=version))
    if status is not Status.PROPOSED:
        verdict = {"who": who, "verdict": status, "why": why, "place": draft.origin, "decided": moment}
        await tx.execute(insert(decisions).values(entry=entry, version=version, **verdict))
    mine = versions().where(entries.c.id == entry, entry_versions.c.version == version)
    row = (await tx.execute(mine)).mappings().one()
    written = entry_of(row)
    if status is Status.ACCEPTED:
        await _enforce(tx, written)
    await _changed(tx, show, entry)
    return written


async def _enforce(tx: AsyncConnection, entry: Entry) -> None:
    """Puts a version in force; the entry goes by its kind and name from now on."""
    folded = fold(entry.name)
    same = (entries.c.show == entry.show) & (entries.c.kind == entry.kind) & (entries.c.folded == folded)
    if (await tx.execute(select(entries.c.id).where(same, entries.c.id != entry.id))).first():
        raise Refused(f"Another {entry.kind} is called {entry.name}; edit that one or choose another name.")
    standing = {"in_force": entry.version, "kind": entry.kind, "folded": folded}
    await tx.execute(update(entries).where(entries.c.id == entry.id).values(**standing))


async def _by_name(tx: AsyncConnection, show: str, draft: Draft) -> str | None:
    same = (entries.c.show == show) & (entries.c.kind == draft.kind) & (entries.c.folded == fold(draft.name))
    found: str | None = (await tx.execute(select(entries.c.id).where(same))).scalar_one_or_none()
    return found


async def _changed(tx: AsyncConnection, show: str, entry: str) -> None:
    await tx.execute(update(shows).where(shows.c.id == show).values(canon_version=shows.c.canon_version + 1))
    await enqueue(tx, Record.ENTRY, entry)


def _cleaned(draft: Draft, origin: str) -> Draft:
    return Draft(
        kind=draft.kind,
        name=clean(draft.name).strip(),
        text=clean(draft.text),
        aliases=tuple(clean(alias) for alias in draft.aliases),
        tags=tuple(clean(tag) for tag in draft.tags),
        starts=clean(draft.starts),
        ends=clean(draft.ends),
        origin=origin,
    )
