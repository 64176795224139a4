"""The fence: refuses a writer whose lease of a thread went to another. Knows nothing of what is written."""

from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.errors import LeaseLost
from memory.lease import Lease, lease_in_force
from memory.store.reach import placed
from memory.tables import leases


async def stand(tx: AsyncConnection) -> None:
    """Lets a writing transaction go on only while the lease it works under is its thread's latest, and
    keeps it so until the transaction ends. Raises LeaseLost."""
    lease = lease_in_force()
    if lease is None:
        return
    if (await tx.execute(_STANDS, leased(lease))).first() is None:
        raise LeaseLost(f"Another program works in {lease.scope} now.")


def leased(lease: Lease) -> dict[str, Any]:
    """What a statement made with LATEST is run with."""
    return placed(lease.scope, of_fence=lease.fence)


LATEST = and_(
    *(leases.c[name] == bindparam(f"of_{name}") for name in ("platform", "tenant", "room", "thread", "fence"))
)
"""Leases: this one, if nobody had the thread since; for a statement that is made once and run with `leased`."""

_STANDS = select(leases.c.fence).where(LATEST).with_for_update(read=True)
