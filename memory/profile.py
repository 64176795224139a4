"""Profile: what a room, or a person, wants of every page: proposed, then taken or turned down.

Knows nothing of storage, models or of how a preference is noticed.
"""

from dataclasses import dataclass
from datetime import datetime

from memory.canon import Status


@dataclass(frozen=True, slots=True)
class Preference:
    """A lasting wish in the words it was said in. ``person`` is whose it is, by the platform's id; "" is
    the room's own. A room's holds for everyone in that room, a person's for that person in all rooms of
    the tenant. Only an ACCEPTED one is heeded; ``who`` is the one who said it, or decided last."""

    id: str
    person: str
    text: str
    status: Status
    who: str
    when: datetime
    origin: str = ""
