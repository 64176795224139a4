"""The leases of threads: who works where, until when.

Time is the database's where it has a clock of its own, so that machines need not agree. Knows nothing
of what is done under a lease.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.lease import Lease, Renewal
from memory.store.database import Database, whole
from memory.store.fence import LATEST, leased
from memory.store.reach import now
from memory.tables import leases, threads


class Leases:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def claim(self, scope: Scope, holder: str, seconds: float) -> Lease | None:
        """The scope's thread for ``holder`` alone, for ``seconds``; None while another has it. Whoever
        claims again what is theirs gets a new fence: their former program is dead."""
        async with self._db.noting() as tx:
            moment = await clock(tx)
            held = {"holder": holder, "until": moment + timedelta(seconds=seconds), "halt": 0}
            claimed = asdict(scope) | held | {"fence": 1, "moment": moment, "mine": holder}
            fence = (await tx.execute(_claim(tx.dialect.name), claimed)).scalar_one_or_none()
            return None if fence is None else Lease(scope, holder, fence)

    @whole
    async def renew(self, lease: Lease, seconds: float) -> Renewal:
        """Also after its end, if nobody else took it."""
        async with self._db.noting() as tx:
            until = await clock(tx) + timedelta(seconds=seconds)
            halt = (await tx.execute(_RENEW, leased(lease) | {"until": until})).scalar_one_or_none()
            if halt is None:
                return Renewal.LOST
            return Renewal.HALT if halt else Renewal.KEPT

    @whole
    async def release(self, lease: Lease) -> None:
        """Gives it back; nothing happens where it is lost."""
        lease.over = True
        async with self._db.noting() as tx:
            free = {"until": await clock(tx), "holder": ""}
            await tx.execute(_RELEASE, leased(lease) | free)

    @whole
    async def halt(self, scope: Scope, holder: str) -> bool:
        """Asks whoever but ``holder`` works in the thread to stop; whether anybody does."""
        async with self._db.noting() as tx:
            here = [leases.c[name] == value for name, value in asdict(scope).items()]
            at_work = and_(*here, leases.c.until > await clock(tx), leases.c.holder != holder)
            return bool((await tx.execute(update(leases).where(at_work).values(halt=1))).rowcount)


# The statements of a turn are made once: putting one together takes longer than running it.
_RELEASE = update(leases).where(LATEST)
_RENEW = _RELEASE.returning(leases.c.halt)


def held_elsewhere(holder: str, moment: datetime) -> ColumnElement[bool]:
    """Threads: those that another program than ``holder`` works in at ``moment``."""
    c, names = leases.c, (("platform", "platform"), ("tenant", "tenant"), ("room", "room"), ("thread", "key"))
    here = and_(*(c[lease] == threads.c[thread] for lease, thread in names))
    return exists().where(here, c.until > moment, c.holder != holder)


@cache
def _claim(dialect: str) -> Any:
    claimed = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(leases)
    mine = bindparam("mine", type_=leases.c.holder.type)
    free = leases.c.until <= bindparam("moment", type_=leases.c.until.type)
    fresh = {name: claimed.excluded[name] for name in ("holder", "until", "halt")}
    return claimed.on_conflict_do_update(
        index_elements=list(leases.primary_key.columns),
        set_={**fresh, "fence": leases.c.fence + 1},
        where=or_(free, leases.c.holder == mine),
    ).returning(leases.c.fence)


async def clock(tx: AsyncConnection) -> datetime:
    """What time it is for leases."""
    if tx.dialect.name == "sqlite":
        return now()
    moment: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
    return moment
