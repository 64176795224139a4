"""Seat: one librarian at a time among the programs that share a ledger and an index.

What is written to an index must be the record's latest state, and two that work off one outbox could overtake each
other. A lease of the ledger keeps them apart. Knows nothing of what is done in the seat.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from memory import Lease, LedgerError, Renewal, Scope

log = logging.getLogger(__name__)

SEAT = Scope("index", "", "librarian")
SECONDS = 12.0  # after which a program that died has lost it
_LOOK = 0.2  # seconds between two looks whether it is free


class Leases(Protocol):
    async def claim(self, scope: Scope, holder: str, seconds: float) -> Lease | None: ...

    async def renew(self, lease: Lease, seconds: float) -> Renewal: ...

    async def release(self, lease: Lease) -> None: ...


class Seat:
    """``holder`` is this program's name among those that share the ledger."""

    def __init__(self, leases: Leases, holder: str, seconds: float = SECONDS) -> None:
        self._leases = leases
        self._holder = holder
        self._seconds = seconds

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[asyncio.Event]:
        """Waits until it is ours. The event is set when another program has taken it."""
        while (lease := await self._leases.claim(SEAT, self._holder, self._seconds)) is None:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)  # another program has it, which no event of ours knows of
        lost = asyncio.Event()
        renewing = asyncio.create_task(self._renew(lease, lost), name="librarian's seat")
        try:
            yield lost
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._leave(lease)

    async def _renew(self, lease: Lease, lost: asyncio.Event) -> None:
        while not lost.is_set():
            await asyncio.sleep(self._seconds / 4)
            try:
                if await self._leases.renew(lease, self._seconds) is Renewal.LOST:
                    lost.set()
            except LedgerError as error:
                log.warning("The librarian's seat could not be kept: %s", error)

    async def _leave(self, lease: Lease) -> None:
        try:
            await self._leases.release(lease)
        except LedgerError as error:
            log.warning("The librarian's seat is free when its lease ends: %s", error)
