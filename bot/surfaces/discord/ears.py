"""Ears: what the client hears, given to whom it concerns. Knows nothing of what becomes of it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import discord

from bot.surfaces.discord.absence import Absence
from bot.surfaces.discord.buttons import Pressed
from bot.surfaces.discord.door import Door
from bot.surfaces.discord.inbound import PLATFORM
from bot.surfaces.discord.places import Places
from bot.surfaces.discord.reception import Reception
from memory import Scope

log = logging.getLogger(__name__)


class Ears:
    """``forget`` takes a thread out of what is remembered. ``begin`` goes on with what an earlier program left, and says how many messages that were; in
    ``kept`` it is kept until when somebody listened."""

    def __init__(
        self,
        forget: Callable[[Scope], Awaitable[None]],
        door: Door,
        reception: Reception,
        places: Places,
        kept: Path,
        begin: Callable[[discord.AutoShardedClient], Awaitable[int]],
    ) -> None:
        self._forget = forget
        self._door = door
        self._reception = reception
        self._places = places
        self._absence = Absence(kept, self._read)
        self._begin = begin
        self._begun = False
        self._listening = set[int]()
        self.left = 0
        self._client: discord.AutoShardedClient | None = None

    @property
    def _me(self) -> int:
        user = self._client.user if self._client else None
        return user.id if user else 0

    async def begin(self, client: discord.AutoShardedClient) -> None:
        """Discord knows us. What an earlier program left is gone on with once, also when the line is opened
        anew later."""
        self._client = client
        self._listening.clear()
        self._places.serve(client)
        if not self._begun:
            self._begun = True
            self.left = await self._begin(client)

    async def ready(self, client: discord.AutoShardedClient, shard: int) -> None:
        read = await self._absence.read_up(client, shard)
        log.info("Shard %d listens; read up: %d messages", shard, read)
        self._listening.add(shard)
        if len(self._listening) >= (client.shard_count or 1):  # who dies right after this has listened until now
            self._absence.beat()

    def lost(self, shard: int) -> None:
        self._absence.lost(shard)

    def resumed(self, shard: int) -> None:
        self._absence.resumed(shard)

    def beat(self) -> None:
        self._absence.beat()

    async def _read(self, message: discord.Message) -> None:
        await self.message(message)
        await self.edited(message)

    async def message(self, message: discord.Message) -> None:
        if message.guild is None:
            self._absence.met(message.channel.id)
        await self._door.message(message, self._me)

    async def edited(self, message: discord.Message) -> None:
        readable = self._client is not None and self._client.intents.message_content
        await self._door.edited(message, self._me, readable=readable)

    async def deleted(self, messages: Sequence[int], channel: int, guild: int | None, *, bulk: bool) -> None:
        for one in messages:
            await self._door.deleted(one, channel, guild, bulk=bulk)

    async def thread_deleted(self, thread: int, room: int, guild: int) -> None:
        """Nobody can read on there, and what was said there was taken back. Discord does not name the messages."""
        scope = Scope(PLATFORM, str(guild), str(room), str(thread))
        await self._door.stop(scope, f"gone:{thread}")
        await self._forget(scope)

    async def interaction(self, interaction: "discord.Interaction[Any]") -> None:
        await self._reception.interaction(interaction)

    async def pressed(self, interaction: "discord.Interaction[Any]", what: Pressed) -> None:
        await self._reception.pressed(interaction, what)
