"""Keeper: holds a thread for this program alone while it works there, where several share a ledger.

Knows nothing of what the work is.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from bot.gate.item import Item
from memory import Lease, LedgerError, Renewal, Scope

log = logging.getLogger(__name__)


class Leases(Protocol):
    async def claim(self, scope: Scope, holder: str, seconds: float) -> Lease | None: ...

    async def renew(self, lease: Lease, seconds: float) -> Renewal: ...

    async def release(self, lease: Lease) -> None: ...

    async def halt(self, scope: Scope, holder: str) -> bool: ...


class Keeper:
    """``holder`` names this program; a later one under the same name takes over at once what it held.
    ``seconds`` is how long a lease lasts without being renewed."""

    def __init__(self, leases: Leases, holder: str, seconds: float) -> None:
        self._leases = leases
        self._holder = holder
        self._seconds = seconds

    @asynccontextmanager
    async def holding(self, scope: Scope) -> AsyncIterator[Lease | None]:
        """The thread's lease until the block ends; None while another program has it."""
        lease = await self._leases.claim(scope, self._holder, self._seconds)
        try:
            yield lease
        finally:
            if lease is not None:
                await self._release(lease)

    @asynccontextmanager
    async def watching(self, lease: Lease, item: Item) -> AsyncIterator[None]:
        """Renews the lease while the block works on ``item``, which is told to stop when it is lost or when
        another program was asked to stop it."""
        renewing = asyncio.create_task(self._renew(lease, item))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def halt(self, scope: Scope) -> bool:
        """Whether another program works there, which is now asked to stop."""
        return await self._leases.halt(scope, self._holder)

    async def _renew(self, lease: Lease, item: Item) -> None:
        while True:
            await asyncio.sleep(self._seconds / 4)
            try:
                renewal = await self._leases.renew(lease, self._seconds)
            except LedgerError as error:
                log.warning("A lease could not be renewed: %s", error)
                continue
            if renewal is not Renewal.KEPT:
                item.halt.set()
            if renewal is Renewal.LOST:
                log.warning("Another program works in %s now", lease.scope)
                return

    async def _release(self, lease: Lease) -> None:
        try:
            await self._leases.release(lease)
        except LedgerError as error:
            log.warning("A lease was not given back and ends by itself: %s", error)
