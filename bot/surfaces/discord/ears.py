"""Ears: what the client hears, given to whom it concerns. Knows nothing of what becomes of it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from bot.surfaces.discord.buttons import Pressed
from bot.surfaces.discord.door import Door
from bot.surfaces.discord.inbound import PLATFORM
from bot.surfaces.discord.places import Places
from memory import Scope

log = logging.getLogger(__name__)


class Ears:
    """``recover`` goes on with what an earlier program left."""

    def __init__(self, door: Door, places: Places, recover: Callable[[], Awaitable[int]]) -> None:
        self._door = door
        self._places = places
        self._recover = recover
        self._begun = False
        self.resumed = 0
        self._client: discord.AutoShardedClient | None = None

    @property
    def _me(self) -> int:
        user = self._client.user if self._client else None
        return user.id if user else 0

    async def begin(self, client: discord.AutoShardedClient) -> None:
        """Discord knows us. What an earlier program left is gone on with once, also when the line is opened
        anew later."""
        self._client = client
        self._places.serve(client)
        if not self._begun:
            self._begun = True
            self.resumed = await self._recover()

    async def ready(self, client: discord.AutoShardedClient, shard: int) -> None:
        log.info("Shard %d listens", shard)

    async def message(self, message: discord.Message) -> None:
        await self._door.message(message, self._me)

    async def edited(self, message: discord.Message) -> None:
        readable = self._client is not None and self._client.intents.message_content
        await self._door.edited(message, self._me, readable=readable)

    async def deleted(self, messages: Sequence[int], channel: int, guild: int | None, *, bulk: bool) -> None:
        for one in messages:
            await self._door.deleted(one, channel, guild, bulk=bulk)

    async def thread_deleted(self, thread: int, room: int, guild: int) -> None:
        """Nobody can read on there."""
        await self._door.stop(Scope(PLATFORM, str(guild), str(room), str(thread)), f"gone:{thread}")

    async def interaction(self, interaction: "discord.Interaction[Any]") -> None: ...

    async def pressed(self, interaction: "discord.Interaction[Any]", what: Pressed) -> None: ...
