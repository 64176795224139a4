"""The leases of threads: who works where, until when.

Time is the database's where it has a clock of its own, so that machines need not agree. Knows nothing
of what is done under a lease.
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.lease import Lease, Renewal
from memory.store.database import Database, whole
from memory.store.fence import latest_of, of_thread
from memory.store.reach import now
from memory.tables import leases


class Leases:
    def __init__(self, database: Database) -> None:
        self._db = database

    @whole
    async def claim(self, scope: Scope, holder: str, seconds: float) -> Lease | None:
        """The scope's thread for ``holder`` alone, for ``seconds``; None while another has it. Whoever
        claims again what is theirs gets a new fence: their former program is dead."""
        place = {"platform": scope.platform, "tenant": scope.tenant, "room": scope.room, "thread": scope.thread}
        async with self._db.noting() as tx:
            moment = await _clock(tx)
            held = {"holder": holder, "until": moment + timedelta(seconds=seconds), "halt": 0}
            insert = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
            claimed = insert(leases).values(**place, **held, fence=1)
            claimed = claimed.on_conflict_do_update(
                index_elements=list(leases.primary_key.columns),
                set_={**held, "fence": leases.c.fence + 1},
                where=or_(leases.c.until <= moment, leases.c.holder == holder),
            )
            fence = (await tx.execute(claimed.returning(leases.c.fence))).scalar_one_or_none()
            return None if fence is None else Lease(scope, holder, fence)

    @whole
    async def renew(self, lease: Lease, seconds: float) -> Renewal:
        """Also after its end, if nobody else took it."""
        async with self._db.noting() as tx:
            until = await _clock(tx) + timedelta(seconds=seconds)
            kept = update(leases).where(latest_of(lease)).values(until=until).returning(leases.c.halt)
            halt = (await tx.execute(kept)).scalar_one_or_none()
            if halt is None:
                return Renewal.LOST
            return Renewal.HALT if halt else Renewal.KEPT

    @whole
    async def release(self, lease: Lease) -> None:
        """Gives it back; nothing happens where it is lost."""
        lease.over = True
        async with self._db.noting() as tx:
            await tx.execute(update(leases).where(latest_of(lease)).values(until=await _clock(tx), holder=""))

    @whole
    async def halt(self, scope: Scope, holder: str) -> bool:
        """Asks whoever but ``holder`` works in the thread to stop; whether anybody does."""
        async with self._db.noting() as tx:
            at_work = and_(of_thread(scope), leases.c.until > await _clock(tx), leases.c.holder != holder)
            return bool((await tx.execute(update(leases).where(at_work).values(halt=1))).rowcount)


async def _clock(tx: AsyncConnection) -> datetime:
    if tx.dialect.name == "sqlite":
        return now()
    moment: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
    return moment
