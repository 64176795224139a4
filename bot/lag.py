"""Lag: how late the event loop is. Knows nothing of what keeps it."""

import asyncio
from collections import deque


class Lag:
    """How late the loop is: the law says 10 ms at p99."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=600)

    async def measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.1
            await asyncio.sleep(0.1)
            self._seen.append(max(0.0, loop.time() - due))

    @property
    def p99(self) -> float:
        """In milliseconds, over the last minute."""
        seen = sorted(self._seen)
        return round(seen[int(len(seen) * 0.99)] * 1000, 1) if seen else 0.0
