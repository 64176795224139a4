"""Lease: who works in a thread, where several programs share one ledger.

A lease ends by itself when its holder falls silent. Each time it changes hands its fence grows by one;
what is written under an older fence is refused, so that a program that slept through the end of its
lease can save nothing any more. Knows nothing of storage.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from memory.conversation import Scope


@dataclass(slots=True, eq=False)
class Lease:
    """``fence`` grows with every holder. ``over`` is set when it was given back: what its holder still
    writes is then checked no more."""

    scope: Scope
    holder: str
    fence: int
    over: bool = False


class Renewal(StrEnum):
    """KEPT, or LOST to another holder. HALT: kept, and somebody asks by way of another program that the
    work under it stop."""

    KEPT = "kept"
    LOST = "lost"
    HALT = "halt"


_UNDER: ContextVar[Lease | None] = ContextVar("lease", default=None)


@contextmanager
def fenced(lease: Lease) -> Iterator[None]:
    """Whatever the ledger is told within, by this task and those it starts, it takes only while ``lease``
    is the thread's latest; else it raises LeaseLost."""
    before = _UNDER.set(lease)
    try:
        yield
    finally:
        _UNDER.reset(before)


def lease_in_force() -> Lease | None:
    lease = _UNDER.get()
    return None if lease is None or lease.over else lease
