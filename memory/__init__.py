"""Memory: what was said and decided. The front door; loads nothing heavy.

Knows nothing of search, models or platforms. The ledger itself (SQL) is `memory.ledger`, which
only the composition root opens.
"""

from memory.canon import KINDS, Decision, Draft, Entry, Name, Status, Synced
from memory.conversation import (
    BROKEN_OFF,
    INTERRUPTED,
    Begun,
    Conversation,
    Due,
    Recap,
    Room,
    Scope,
    Show,
    Take,
    TakeStatus,
    Thread,
    Turn,
)
from memory.errors import (
    LeaseLost,
    LedgerBusy,
    LedgerError,
    LedgerSetting,
    LedgerTooNew,
    LedgerUnavailable,
    NotFound,
    Refused,
)
from memory.inbox import Change, Edited, Kept, Letter, LetterState
from memory.lease import Lease, Renewal, fenced
from memory.outbox import Job, Record
from memory.profile import Preference
from memory.sources import Piece, Source
from memory.text import fold

__all__ = [
    "BROKEN_OFF",
    "INTERRUPTED",
    "KINDS",
    "Begun",
    "Change",
    "Conversation",
    "Decision",
    "Draft",
    "Due",
    "Edited",
    "Entry",
    "Job",
    "Kept",
    "Lease",
    "LeaseLost",
    "LedgerBusy",
    "LedgerError",
    "LedgerSetting",
    "LedgerTooNew",
    "LedgerUnavailable",
    "Letter",
    "LetterState",
    "Name",
    "NotFound",
    "Piece",
    "Preference",
    "Recap",
    "Record",
    "Refused",
    "Renewal",
    "Room",
    "Scope",
    "Show",
    "Source",
    "Status",
    "Synced",
    "Take",
    "TakeStatus",
    "Thread",
    "Turn",
    "fenced",
    "fold",
]
