"""Message: one chat message, the unit every model reads. Knows nothing of anything else."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message. A last message of role ``assistant`` is continued, not answered."""

    role: Literal["system", "user", "assistant"]
    text: str
