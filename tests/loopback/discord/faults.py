"""What a test may tighten, and what goes wrong on the way. Data only.

Routes are named as in ``"POST /channels/{channel}/messages"``.
"""

import random
import time
from dataclasses import dataclass, field

SENDING = "POST /channels/{channel}/messages"
EDITING = "PATCH /channels/{channel}/messages/{message}"


@dataclass
class Limits:
    """``buckets`` gives calls and seconds by route, per channel; the rest have ``others``. All lives in seconds."""

    buckets: dict[str, tuple[int, float]] = field(
        default_factory=lambda: {SENDING: (5, 5.0), EDITING: (5, 5.0), "POST /channels/{channel}/typing": (5, 5.0)}
    )
    others: tuple[int, float] = (50, 1.0)
    answer_within: float = 3.0
    token_life: float = 900.0
    attachment_life: float = 86_400.0
    nonce_life: float = 180.0
    heartbeat: float = 41.25
    starts: int = 1000
    privileged: frozenset[str] = frozenset({"members", "presences", "content"})


@dataclass
class Faults:
    """``limited``: so many calls of a route get 429; ``broken``: these statuses; ``slow``: seconds before it acts;
    ``lost``: so many calls do their work and the line breaks before the answer. Of events, ``repeat`` is the chance
    of coming twice and ``late`` the most seconds one is held back. ``deaf``: heartbeats get no answer."""

    limited: dict[str, int] = field(default_factory=dict)
    retry_after: float = 0.3
    everywhere: int = 0
    broken: dict[str, list[int]] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    repeat: float = 0.0
    late: float = 0.0
    deaf: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(7))


@dataclass
class Bucket:
    """A window of ``per`` seconds in which ``most`` calls pass; it begins with its first call."""

    most: int
    per: float
    used: int = 0
    ends: float = 0.0

    def take(self) -> bool:
        now = time.monotonic()
        if now >= self.ends:
            self.used, self.ends = 0, now + self.per
        self.used += 1
        return self.used <= self.most

    @property
    def headers(self) -> dict[str, str]:
        left = max(self.ends - time.monotonic(), 0.0)
        return {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(max(self.most - self.used, 0)),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
        }
