"""Absence: what was said while nobody listened: between two programs, or between two sessions of a line.

Discord tells a new session nothing of it, so it is read up. Everything goes through the door, which
knows what was there before. Knows nothing of what is said.
"""

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord

log = logging.getLogger(__name__)

MARGIN, BEAT = 30.0, 10.0
"""Seconds that are read again to be sure, and between two notes that we listen."""

MOST, DIRECT = 300, 500
"""Messages of one channel that are read up, and direct conversations that are remembered."""

Hear = Callable[[discord.Message], Awaitable[None]]


class Absence:
    """Keeps in ``file`` until when somebody listened, and which direct conversations there are: a bot is
    not told its own."""

    def __init__(self, file: Path, hear: Hear) -> None:
        self._file = file
        self._hear = hear
        kept = _read(file)
        self._alive = float(kept.get("alive") or 0.0)
        self._direct = dict.fromkeys(int(one) for one in kept.get("direct", ()))
        self._down: dict[int, float] = {}

    def met(self, channel: int) -> None:
        """A direct conversation."""
        if channel not in self._direct:
            self._direct[channel] = None
            while len(self._direct) > DIRECT:
                del self._direct[next(iter(self._direct))]
            self._write()

    def lost(self, shard: int) -> None:
        self._down.setdefault(shard, time.time())

    def resumed(self, shard: int) -> None:
        """Discord itself tells what came meanwhile."""
        self._down.pop(shard, None)

    def beat(self) -> None:
        """All shards listen."""
        if not self._down and time.time() - self._alive >= BEAT:
            self._alive = time.time()
            self._write()

    async def read_up(self, client: discord.AutoShardedClient, shard: int) -> int:
        """For a shard's new session: what came since it was last listened to. How many messages that were."""
        since = self._down.pop(shard, self._alive)
        if not since:
            return 0
        after = discord.Object(discord.utils.time_snowflake(datetime.fromtimestamp(since - MARGIN, UTC)))
        count = 0
        async for channel in self._channels(client, shard, after.id):
            with suppress(discord.Forbidden, discord.NotFound):
                async for message in channel.history(after=after, limit=MOST, oldest_first=True):
                    await self._hear(message)
                    count += 1
        return count

    async def _channels(self, client: discord.AutoShardedClient, shard: int, after: int) -> AsyncIterator[Any]:
        """Where something new stands that we may read."""
        for guild in [guild for guild in client.guilds if guild.shard_id == shard]:
            every: list[Any] = [*guild.text_channels, *guild.voice_channels, *guild.threads]
            for channel in every:
                if (channel.last_message_id or 0) > after and _readable(channel, guild):
                    yield channel
        if shard == 0:
            for number in list(self._direct):
                with suppress(discord.Forbidden, discord.NotFound):
                    yield await client.fetch_channel(number)

    def _write(self) -> None:
        """Written beside and moved, so that it is never half there."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps({"alive": self._alive, "direct": list(self._direct)}), "utf-8")
        fresh.replace(self._file)


def _readable(channel: Any, guild: discord.Guild) -> bool:
    """Asking in vain counts against us."""
    rights = channel.permissions_for(guild.me)
    return bool(rights.view_channel and rights.read_message_history)


def _read(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, so nothing is read up: %s", file, error)
        return {}
    return kept if isinstance(kept, dict) else {}
