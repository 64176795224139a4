"""Pace: many small changes become few shows, at most one an interval, and the last is never lost.

Knows nothing of what is shown or where.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress


class Pace:
    """Calls ``show`` soon after ``touch``; the first time at once, then at most every ``interval``
    seconds, never twice at the same time. What ``show`` raises comes out of the next ``touch`` or
    ``close``."""

    def __init__(self, show: Callable[[], Awaitable[None]], interval: float) -> None:
        self._show = show
        self._interval = interval
        self._dirty = False
        self._hurry = asyncio.Event()
        self._last = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Something changed."""
        if self._hurry.is_set():
            raise RuntimeError("This pace was closed; nothing more can be shown with it.")
        self._dirty = True
        if self._task is None or self._task.done():
            if self._task is not None:
                self._task.result()
            self._task = asyncio.create_task(self._drain())

    async def close(self) -> None:
        """Shows what is not shown yet, without waiting for the interval."""
        self._hurry.set()
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._dirty:
            wait = self._last + self._interval - loop.time()
            if wait > 0 and not self._hurry.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), wait)
            self._dirty = False
            await self._show()
            self._last = loop.time()
