"""Rules: how much is taken on, and for how long it is tried. Knows nothing of how."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """``parallel`` bounds the turns at work, ``tenant`` those of one tenant, ``depth`` the messages that
    wait in one thread, ``total`` in all; when it is reached, tenants with less than their share of it still get
    in, up to twice as many. ``attempts`` is how often a message is tried, ``pause`` how many seconds (times the
    attempt) lie between, ``stale`` from what age (seconds) it is announced and not answered, ``deadline`` how
    long one turn may take, ``lease`` how many seconds of silence make another program take over, ``notice``
    after how many somebody who waits is told so."""

    parallel: int = 4
    tenant: int = 2
    depth: int = 8
    total: int = 200
    attempts: int = 3
    stale: float = 600.0
    deadline: float = 600.0
    pause: float = 0.5
    lease: float = 12.0
    notice: float = 1.0
