"""Door: what the gateway delivers, kept by the gate before anything is done about it.

What is for us becomes an Inbound, in the order it came in its channel. Knows nothing of answers.
"""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakValueDictionary

import discord

from bot.events import Inbound
from bot.surfaces.discord.busy import FAILED
from bot.surfaces.discord.inbound import (
    PLATFORM,
    Spot,
    is_addressed,
    is_for_another,
    is_speech,
    of_message,
    said,
    spot,
    standing,
)
from memory import Kept, LedgerError, Scope, Thread

log = logging.getLogger(__name__)


PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between two attempts to keep what came."""


class Gate(Protocol):
    async def receive(self, inbound: Inbound, *, ours: bool = False) -> bool: ...


class Inbox(Protocol):
    async def engaged(self, scope: Scope) -> bool: ...

    async def find(self, scope: Scope, message: str) -> Kept | None: ...

    async def together(self, scope: Scope, message: str) -> tuple[Kept, ...]: ...


class Threads(Protocol):
    async def latest(self, scope: Scope, show: str | None = None) -> Thread | None: ...


class Channels(Protocol):
    async def channel(self, number: int) -> Any: ...


class Surface(Protocol):
    """``heard`` is told of what was kept, ``unkept`` of what could not be; ``page`` says which conversation a message of ours belongs to."""

    def heard(self, inbound: Inbound) -> None: ...

    async def unkept(self, inbound: Inbound) -> None: ...

    def page(self, message: int, guess: Scope | None) -> Scope | None: ...


class Door:
    """``deciders`` are the roles that decide where a room names none."""

    def __init__(
        self,
        gate: Gate,
        inbox: Inbox,
        threads: Threads,
        channels: Channels,
        surface: Surface,
        deciders: Collection[str] = (),
    ) -> None:
        self._gate = gate
        self._inbox = inbox
        self._threads = threads
        self._channels = channels
        self._surface = surface
        self._deciders = deciders
        self._order: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def message(self, message: discord.Message, me: int) -> None:
        if is_speech(message, me):
            async with self._in(message.channel.id):
                await self._message(message, me)

    async def edited(self, message: discord.Message, me: int, *, readable: bool) -> None:
        """Link previews come as edits too, without a time at which somebody edited. ``readable``: Discord
        lets us read all messages; else an empty one is one that it keeps from us."""
        kept_from_us = not (message.content or readable or message.guild is None)
        if not is_speech(message, me) or message.edited_at is None or kept_from_us:
            return
        guild = message.guild.id if message.guild else None
        async with self._in(message.channel.id):
            where = await place_of(self._channels, message.channel, guild, message.author.id)
            if where is not None:
                await self._edited(where, message, me)

    async def _edited(self, where: Spot, message: discord.Message, me: int) -> None:
        """It counts as it is now: as words or as a verb."""
        kept = await self._inbox.find(where.scope(), str(message.id))
        if kept is None and not is_addressed(message, me):
            return
        scope = kept.letter.scope if kept else where.scope(str(message.id))
        now = of_message(message, scope, me, await self._standing(message, me))
        event = f"edit:{message.id}:{message.edited_at.timestamp() if message.edited_at else 0}"
        text = now.text or said(message, me)
        about = replace(now, kind="edit", event_id=event, text=text, target=now.message, message="", files=())
        await self._receive(about, ours=True)

    async def deleted(self, message: int, channel: int, guild: int | None, *, bulk: bool = False) -> None:
        """A person's message, or a page of ours, which only those may delete who may."""
        async with self._in(channel):
            with suppress(discord.NotFound, discord.Forbidden):
                found = await self._channels.channel(channel)
                partner = found.recipient.id if isinstance(found, discord.DMChannel) and found.recipient else 0
                where = await place_of(self._channels, found, guild, partner)
                if where is not None:
                    await self._deleted(where, message, f"{'bulk' if bulk else 'del'}:{message}")

    async def _deleted(self, where: Spot, message: int, event: str) -> None:
        kept = await self._inbox.find(where.scope(), str(message))
        if kept is not None:
            who = kept.letter.author
            await self._receive(Inbound("delete", event, kept.letter.scope, who, target=str(message), who=who))
            return
        guess = await latest(self._threads, where) if where.direct else where.scope() if where.thread else None
        scope = self._surface.page(message, guess)
        if scope is not None:
            await self._receive(Inbound("delete", event, scope, "", target=str(message), values={"page": "gone"}))

    async def stop(self, scope: Scope, event: str) -> None:
        """What is written there ends."""
        await self._gate.receive(Inbound("stop", event, scope, ""))

    def _in(self, channel: int) -> asyncio.Lock:
        """What came first in a channel is kept first."""
        lock = self._order.get(channel)
        if lock is None:
            lock = self._order[channel] = asyncio.Lock()
        return lock

    async def _message(self, message: discord.Message, me: int) -> None:
        where = await place_of(
            self._channels, message.channel, message.guild.id if message.guild else None, message.author.id
        )
        if where is None or is_for_another(message, me):
            return
        addressed = is_addressed(message, me)
        if not addressed and not (where.thread and (message.content or message.attachments)):
            return
        scope = await self._scope(where, message)
        if addressed or await self._inbox.engaged(scope):
            await self._receive(of_message(message, scope, me, await self._standing(message, me)))

    async def _standing(self, message: discord.Message, me: int) -> dict[str, str]:
        """What is read up comes without its author's roles: where a verb may need them, they are asked for."""
        author = message.author
        if message.guild and not isinstance(author, discord.Member) and said(message, me).startswith("/"):
            with suppress(*FAILED):
                author = await message.guild.fetch_member(author.id)
        return standing(author, self._deciders, direct=message.guild is None)

    async def _scope(self, where: Spot, message: discord.Message) -> Scope:
        """The conversation: its thread; in a channel that of the message it answers, else a new one."""
        if where.thread:
            return where.scope()
        if known := await self._referred(where, message):
            return known
        if where.direct:
            return await latest(self._threads, where)
        return where.scope(str(message.id))

    async def _referred(self, where: Spot, message: discord.Message) -> Scope | None:
        """The conversation of the message that this is a reply to: a person's, or ours, which is itself a
        reply to a person's."""
        about = message.reference
        found = [about.message_id] if about else []
        resolved = about.resolved if about else None
        if isinstance(resolved, discord.Message) and resolved.reference:
            found.append(resolved.reference.message_id)
        for one in found:
            kept = await self._inbox.find(where.scope(), str(one)) if one else None
            if kept is not None and kept.letter.scope.thread:
                return kept.letter.scope
        return None

    async def _receive(self, inbound: Inbound, *, ours: bool = False) -> None:
        """Discord does not send again, so a busy ledger is asked again."""
        for pause in (*PAUSES, None):
            try:
                if await self._gate.receive(inbound, ours=ours):
                    self._surface.heard(inbound)
                return
            except LedgerError as error:
                if pause is None:
                    log.error("%s could not be kept: %s", inbound.event_id, error)
                    return await self._surface.unkept(inbound)
                log.warning("%s is not kept yet: %s", inbound.event_id, error)
                await asyncio.sleep(pause)


async def place_of(channels: Channels, channel: Any, guild: int | None, user: int) -> Spot | None:
    """Where something was said; a thread that the gateway did not tell of is asked for."""
    if guild is None or isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return spot(channel, guild, user)
    try:
        return spot(await channels.channel(channel.id), guild, user)
    except (discord.NotFound, discord.Forbidden):
        return None


async def latest(threads: Threads, where: Spot) -> Scope:
    """In a channel that holds many conversations, the one that was written in last."""
    thread = await threads.latest(Scope(PLATFORM, where.tenant, where.room))
    first = where.room if where.direct else ""
    return where.scope(thread.scope.thread if thread and thread.scope.thread else first)
