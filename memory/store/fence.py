"""The fence: refuses a writer whose lease of a thread went to another. Knows nothing of what is written."""

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.conversation import Scope
from memory.errors import LeaseLost
from memory.lease import Lease, lease_in_force
from memory.tables import leases


async def stand(tx: AsyncConnection) -> None:
    """Lets a writing transaction go on only while the lease it works under is its thread's latest, and
    keeps it so until the transaction ends. Raises LeaseLost."""
    lease = lease_in_force()
    if lease is None:
        return
    if (await tx.execute(_LATEST, {**of_place(lease.scope), "fence": lease.fence})).first() is None:
        raise LeaseLost(f"Another program works in {lease.scope} now.")


def latest_of(lease: Lease) -> ColumnElement[bool]:
    """Leases: this one, if nobody had the thread since."""
    return and_(of_thread(lease.scope), leases.c.fence == lease.fence)


def of_thread(scope: Scope) -> ColumnElement[bool]:
    return and_(*(leases.c[name] == value for name, value in of_place(scope).items()))


def of_place(scope: Scope) -> dict[str, Any]:
    """The key of a thread's lease."""
    return {"platform": scope.platform, "tenant": scope.tenant, "room": scope.room, "thread": scope.thread}


_KEY = ("platform", "tenant", "room", "thread", "fence")
_LATEST = select(leases.c.fence).where(*(leases.c[name] == bindparam(name) for name in _KEY)).with_for_update(read=True)
