"""The fence: refuses a writer whose lease of a thread went to another. Knows nothing of what is written."""

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.errors import LeaseLost
from memory.lease import Lease, lease_in_force
from memory.tables import leases


async def stand(tx: AsyncConnection) -> None:
    """Lets a writing transaction go on only while the lease it works under is its thread's latest, and
    keeps it so until the transaction ends. Raises LeaseLost."""
    lease = lease_in_force()
    if lease is not None:
        latest = select(leases.c.fence).where(latest_of(lease)).with_for_update(read=True)
        if (await tx.execute(latest)).first() is None:
            raise LeaseLost(f"Another program works in {lease.scope} now.")


def latest_of(lease: Lease) -> ColumnElement[bool]:
    """Leases: this one, if nobody had the thread since."""
    return and_(of_thread(lease.scope), leases.c.fence == lease.fence)


def of_thread(scope: Scope) -> ColumnElement[bool]:
    room = and_(leases.c.platform == scope.platform, leases.c.tenant == scope.tenant, leases.c.room == scope.room)
    return and_(room, leases.c.thread == scope.thread)
