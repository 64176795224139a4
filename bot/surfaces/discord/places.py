"""Places: where in Discord a conversation is written: its thread, opened when its first word is due, or
the channel where threads are not wanted or not allowed.

Knows nothing of what is written there.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakValueDictionary

import discord

from bot.events import Inbound
from bot.render.discord import title
from memory import Scope

log = logging.getLogger(__name__)

MANY = 5000
"""Places that are remembered; others are looked up again."""

CLOSED_FOR = 600.0
"""Seconds until a channel in which no thread could be opened is tried again."""

UNKNOWN_CHANNEL, HAS_THREAD, ARCHIVED, UNKNOWN_MESSAGE = 10003, 160004, 50083, 10008


class Undeliverable(Exception):
    """Discord will not take messages for this place any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """The channel ``number`` of a ``guild`` takes the messages; ``reply`` is the message they answer where
    a channel holds many conversations, else 0. The line may be opened anew while something is written,
    so it is asked for each time."""

    places: "Places"
    number: int
    guild: int | None
    reply: int = 0

    @property
    def channel(self) -> discord.PartialMessageable:
        return self.places.client.get_partial_messageable(self.number, guild_id=self.guild)

    @property
    def reference(self) -> discord.MessageReference | None:
        if not self.reply:
            return None
        return discord.MessageReference(
            message_id=self.reply, channel_id=self.number, guild_id=self.guild, fail_if_not_exists=False
        )

    async def wake(self) -> None:
        """Takes a thread out of the archive, where nothing can be edited. Raises HTTPException."""
        thread = await self.places.client.fetch_channel(self.number)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)


class Places:
    """``mode``: whether a mention in a channel opens a thread."""

    def __init__(self, mode: Literal["open", "stay"]) -> None:
        self._mode = mode
        self._client: discord.Client | None = None
        self._known: OrderedDict[Scope, tuple[int, bool]] = OrderedDict()
        self._finding: WeakValueDictionary[Scope, asyncio.Lock] = WeakValueDictionary()
        self._closed: dict[int, float] = {}

    def serve(self, client: discord.Client) -> None:
        """From now on this client is the way to Discord; the one before may have ended."""
        self._client = client

    @property
    def client(self) -> discord.Client:
        if self._client is None:
            raise Undeliverable("Discord is not connected yet.")
        return self._client

    async def of(self, inbound: Inbound) -> Place:
        """Where the answer goes. Raises Undeliverable, HTTPException."""
        scope = inbound.scope
        async with self._finding.setdefault(scope, asyncio.Lock()):  # one thread is opened, not two
            if scope not in self._known:
                self._know(scope, *await self._find(inbound))
        self._known.move_to_end(scope)
        self._check(self._known[scope][0])
        channel, inline = self._known[scope]
        return self._place(scope, channel, _number(inbound.message or scope.thread) if inline else 0)

    async def channel(self, number: int) -> Any:
        """A channel or thread by id. Raises NotFound, Forbidden."""
        return self.client.get_channel(number) or await self.client.fetch_channel(number)

    def _check(self, number: int) -> None:
        """Asking in vain counts against us. Raises Undeliverable."""
        channel = self.client.get_channel(number)
        if isinstance(channel, discord.abc.GuildChannel | discord.Thread) and channel.guild.me is not None:
            rights = channel.permissions_for(channel.guild.me)
            writes = rights.send_messages_in_threads if isinstance(channel, discord.Thread) else rights.send_messages
            if not (rights.view_channel and writes):
                raise Undeliverable(f"we may not write in channel {number}")

    def _know(self, scope: Scope, channel: int, inline: bool) -> None:
        self._known[scope] = channel, inline
        while len(self._known) > MANY:
            self._known.popitem(last=False)

    def _place(self, scope: Scope, channel: int, reply: int) -> Place:
        guild = _number(scope.tenant) if self.client.get_guild(_number(scope.tenant)) else None
        return Place(self, channel, guild, reply)

    async def _find(self, inbound: Inbound) -> tuple[int, bool]:
        """The channel's id, and whether answers are replies there."""
        scope = inbound.scope
        room, thread = _number(scope.room), _number(scope.thread)
        if not thread or thread == room:
            return room, False
        fresh = inbound.kind == "message" and inbound.message == scope.thread
        if not fresh and await self._is_thread(thread):
            return thread, False
        try:
            channel = await self.channel(room)
        except (discord.NotFound, discord.Forbidden) as error:
            raise Undeliverable(str(error)) from error
        if isinstance(channel, discord.DMChannel):
            return room, False
        if isinstance(channel, discord.ForumChannel):  # a post's first message has the post's id
            return thread, False
        if fresh and self._mode == "open" and self._may_open(room) and await self._open(channel, inbound):
            return thread, False
        return room, True

    async def _is_thread(self, number: int) -> bool:
        try:
            return isinstance(await self.channel(number), discord.Thread)
        except (discord.NotFound, discord.Forbidden):
            return False

    def _may_open(self, room: int) -> bool:
        return time.monotonic() - self._closed.get(room, float("-inf")) > CLOSED_FOR

    async def _open(self, channel: Any, inbound: Inbound) -> bool:
        """Opens the thread of the message that began this; its id is that message's. Where this is not
        allowed, it is not tried again soon."""
        if not isinstance(channel, discord.TextChannel):
            return False
        try:
            await channel.get_partial_message(_number(inbound.message)).create_thread(name=title(inbound.text))
        except discord.Forbidden as error:
            self._closed[channel.id] = time.monotonic()
            log.warning("No thread can be opened in channel %s (%s): answers are replies there.", channel.id, error)
        except discord.HTTPException as error:
            if error.code == HAS_THREAD:
                return True
            log.warning("No thread could be opened for message %s: %s", inbound.message, error)
        else:
            return True
        return False


def _number(snowflake: str) -> int:
    return int(snowflake) if snowflake.isdecimal() else 0
