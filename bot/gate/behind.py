"""Behind: what goes on beside the answers, and must not end anything else. Knows nothing of what it is."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any

from bot.logs import ref

log = logging.getLogger(__name__)


class Behind:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def over(self) -> None:
        """Waits for all of it."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def quietly(work: Awaitable[Any]) -> None:
    """Telling somebody may fail with their platform; that ends nothing else."""
    try:
        await work
    except Exception:  # the outermost surface
        log.exception("A message could not be told, ref %s", ref())
