"""Memory: what was said and decided. The front door; loads nothing heavy.

Knows nothing of search, models or platforms. The ledger itself (SQL) is `memory.ledger`, which
only the composition root opens.
"""

from memory.canon import KINDS, Draft, Entry, Status
from memory.conversation import Conversation, Recap, Room, Scope, Show, Take, TakeStatus, Thread, Turn
from memory.outbox import Job, Record
from memory.sources import Piece, Source

__all__ = [
    "KINDS",
    "Conversation",
    "Draft",
    "Entry",
    "Job",
    "Piece",
    "Recap",
    "Record",
    "Room",
    "Scope",
    "Show",
    "Source",
    "Status",
    "Take",
    "TakeStatus",
    "Thread",
    "Turn",
]
