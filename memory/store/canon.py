"""Canon as it is kept: versions that are only added to, and who decided what on each.

An entry's version in force is the accepted one; a newer proposal waits beside it. Knows nothing of
who may decide.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.canon import Decision, Draft, Entry, Name, Status
from memory.errors import NotFound
from memory.store.database import Database
from memory.store.entries import Filed, decide, filed, put, sketch
from memory.store.reach import hold_show, of_show
from memory.store.rows import current, entry_of, versions
from memory.tables import decisions, entries, entry_names, entry_versions, shows
from memory.text import fold


class Canon:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(
        self, tenant: str, show: str, draft: Draft, who: str, status: Status = Status.ACCEPTED, why: str = ""
    ) -> Entry:
        """Adds an entry, or a version to the one of this kind and name. One that says the same already
        is returned as it is. Raises NotFound; Refused for an unknown kind or an empty name."""
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            return (await put(tx, show, None, draft, who, status, why)).entry

    async def edit(
        self,
        tenant: str,
        show: str,
        entry: str,
        who: str,
        *,
        kind: str | None = None,
        name: str | None = None,
        text: str | None = None,
        aliases: tuple[str, ...] | None = None,
        tags: tuple[str, ...] | None = None,
        starts: str | None = None,
        ends: str | None = None,
        origin: str = "",
        status: Status = Status.ACCEPTED,
        why: str = "",
    ) -> Entry:
        """A new version of what is in force (or newest), with what is given changed. Raises NotFound;
        Refused when another entry has the new kind and name."""
        given = {
            "kind": kind,
            "name": name,
            "text": text,
            "aliases": aliases,
            "tags": tags,
            "starts": starts,
            "ends": ends,
        }
        changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            draft = sketch((await _filed(tx, show, entry)).current, origin, **changes)
            return (await put(tx, show, entry, draft, who, status, why)).entry

    async def decide(
        self,
        tenant: str,
        show: str,
        entry: str,
        status: Status,
        who: str,
        why: str = "",
        where: str = "",
        version: int | None = None,
    ) -> Entry:
        """Keeps a verdict and makes it count. Without a ``version``, RETIRED is about what is in force
        and all else about the newest. The version decided on. Raises NotFound, Refused."""
        async with self._db.writing() as tx:
            await hold_show(tx, tenant, show)
            found = await _filed(tx, show, entry)
            if version is None:
                version = (found.current if status is Status.RETIRED else found.newest).version
            return await decide(tx, found, version, status, who, why, where)

    async def get(self, tenant: str, show: str, entry: str) -> Entry | None:
        """What is in force of an entry, else its newest version."""
        found = await self._read(tenant, show, entries.c.id == entry)
        return found[0] if found else None

    async def listing(
        self, tenant: str, show: str, kind: str | None = None, statuses: Sequence[Status] = (Status.ACCEPTED,)
    ) -> tuple[Entry, ...]:
        """By kind and name. Of an entry with a proposal beside what is in force, both can be here."""
        wanted: list[ColumnElement[bool]] = [entry_versions.c.status.in_(statuses)]
        if kind is not None:
            wanted.append(entry_versions.c.kind == kind)
        found = await self._read(tenant, show, *wanted)
        return tuple(sorted(found, key=lambda entry: (entry.kind, fold(entry.name))))

    async def find(self, tenant: str, show: str, name: str) -> tuple[Entry, ...]:
        """Entries of that name or alias, those in force first, a name before an alias. Case, width
        and spacing do not matter."""
        folded = fold(name)
        called = select(entry_names.c.entry).where(
            entry_names.c.show == show,
            entry_names.c.folded == folded,
            entry_names.c.entry == entry_versions.c.entry,
            entry_names.c.version == entry_versions.c.version,
        )
        found = await self._read(tenant, show, called.exists())
        return tuple(sorted(found, key=lambda e: (e.status is not Status.ACCEPTED, fold(e.name) != folded, e.kind)))

    async def history(self, tenant: str, show: str, entry: str) -> tuple[Entry, ...]:
        """Every version, oldest first, each with the status last decided for it. Raises NotFound."""
        mine = versions().where(of_show(tenant, show), entries.c.id == entry).order_by(entry_versions.c.version)
        async with self._db.reading() as tx:
            found = tuple(entry_of(row) for row in (await tx.execute(mine)).mappings())
        if not found:
            raise NotFound("There is no such entry in this show; list the canon to see which there are.")
        return found

    async def decisions(self, tenant: str, show: str, entry: str) -> tuple[Decision, ...]:
        """Every verdict on an entry, oldest first."""
        query = (
            select(decisions).join(entries, entries.c.id == decisions.c.entry).join(shows, shows.c.id == entries.c.show)
        )
        mine = query.where(of_show(tenant, show), entries.c.id == entry).order_by(decisions.c.number)
        async with self._db.reading() as tx:
            rows = await tx.execute(mine)
            return tuple(
                Decision(row.entry, row.version, row.who, Status(row.verdict), row.why, row.decided, row.place)
                for row in rows
            )

    async def names(self, tenant: str, show: str) -> tuple[Name, ...]:
        """What every accepted entry answers to, by name. Changes only with the show's canon_version."""
        c = entry_versions.c
        accepted = versions().where(of_show(tenant, show), c.version == entries.c.in_force).order_by(c.name, c.entry)
        async with self._db.reading() as tx:
            return tuple(Name(row.entry, row.kind, row.name, tuple(row.aliases)) for row in await tx.execute(accepted))

    async def _read(self, tenant: str, show: str, *conditions: ColumnElement[bool]) -> list[Entry]:
        query = versions().where(of_show(tenant, show), current, *conditions)
        async with self._db.reading() as tx:
            rows = await tx.execute(query.order_by(entries.c.id, entry_versions.c.version))
            return [entry_of(row) for row in rows.mappings()]


async def _filed(tx: AsyncConnection, show: str, entry: str) -> Filed:
    found = await filed(tx, show, entry)
    if found is None:
        raise NotFound("There is no such entry in this show; list the canon to see which there are.")
    return found
