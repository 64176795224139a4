"""Outbox: what changed in the ledger and has not reached the index yet.

A job names a record and not a change: whoever works it off makes the index agree with the
record as it is now, so working a job twice, late or out of order does no harm.
"""

from dataclasses import dataclass
from enum import StrEnum


class Record(StrEnum):
    ENTRY = "entry"
    SOURCE = "source"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Job:
    """``number`` grows; ``record`` and ``id`` say what to bring up to date."""

    number: int
    record: Record
    id: str
