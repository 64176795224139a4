"""Busy: the sign that we are at work, until there is something to read. A courtesy: it may fail with the
platform, and that ends nothing else.

Knows nothing of answers.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import discord
from aiohttp import ClientError

from bot.events import Inbound
from bot.surfaces.discord.places import Places, Undeliverable

log = logging.getLogger(__name__)

EVERY, MOST = 8.0, 90
"""Seconds between two signs, each of which Discord shows for ten; how many there are at most."""

FAILED = (ClientError, OSError, TimeoutError, discord.HTTPException, RuntimeError, Undeliverable)
"""What a closed or broken line makes of a call, or Discord."""


async def tried(work: Coroutine[Any, Any, Any]) -> None:
    """Does it, or says to the log that Discord did not want it."""
    try:
        await work
    except FAILED as error:
        log.info("Discord did not take a courtesy: %s", error)


class Busy:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._at: dict[str, asyncio.Task[None]] = {}
        self._behind: set[asyncio.Task[None]] = set()

    def glance(self, inbound: Inbound) -> None:
        """For a moment."""
        task = asyncio.create_task(tried(self._sign(inbound)))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    def begin(self, inbound: Inbound) -> None:
        """Until ``end``, or until the task that works on it is done."""

        async def on() -> None:
            for _ in range(MOST):
                await self._sign(inbound)
                await asyncio.sleep(EVERY)

        if inbound.event_id not in self._at:
            self._at[inbound.event_id] = asyncio.create_task(tried(on()))
            if work := asyncio.current_task():  # an answer that is left to another program has no end here
                work.add_done_callback(lambda _: self.end(inbound))

    def end(self, inbound: Inbound) -> None:
        if task := self._at.pop(inbound.event_id, None):
            task.cancel()
            self._behind.add(task)
            task.add_done_callback(self._behind.discard)

    async def close(self) -> None:
        tasks = [*self._at.values(), *self._behind]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sign(self, inbound: Inbound) -> None:
        place = await self._places.of(inbound)
        await place.channel.typing()
