"""Surface: Discord as the gate needs it: stages to play on, and what must be fetched before a turn.

Knows nothing of how events arrive.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import discord

from bot.events import File, Inbound
from bot.gate import Slip
from bot.render.discord import small
from bot.surfaces.discord.busy import FAILED, Busy, tried
from bot.surfaces.discord.handing import LIMIT, fitting
from bot.surfaces.discord.notices import Notices
from bot.surfaces.discord.outlet import Outlet
from bot.surfaces.discord.outlet import Slip as Written
from bot.surfaces.discord.places import Places
from bot.surfaces.discord.shared import Shared
from bot.surfaces.discord.stage import DiscordStage
from memory import Scope

MANY, PATIENCE = 5000, 5.0
"""Pages whose conversation is remembered; seconds that answers have to say that they end."""

UNKEPT = "I could not write that down: please say it again in a moment."
HINT = "To go on, reply to me or mention me."

_ID = re.compile(r"\b\d{15,20}\b")


@dataclass(frozen=True, slots=True)
class _Watch:
    """An outlet's view of its surface."""

    surface: "DiscordSurface"
    inbound: Inbound

    def shown(self, message: int) -> None:
        self.surface.shown(message, self.inbound)

    def removing(self, message: int) -> None:
        self.surface.removing(message)


class DiscordSurface:
    """``burst``: seconds to wait for a person's next message. ``kept`` is a file for what must be taken
    away again after a crash. Links lead only to ``hosts``."""

    def __init__(
        self, places: Places, shared: Shared, kept: Path, burst: float = 0.7, hosts: Collection[str] = ()
    ) -> None:
        self._places = places
        self._shared = shared
        self._burst = burst
        self._hosts = hosts
        self._busy = Busy(places)
        self._notices = Notices(kept, places, self.removing)
        self._stages: dict[str, DiscordStage] = {}
        self._pages: OrderedDict[int, Scope | None] = OrderedDict()

    @property
    def burst(self) -> float:
        return self._burst

    def stage(self, inbound: Inbound, slip: Slip) -> DiscordStage:
        return DiscordStage(inbound, slip, self, self._hosts)

    async def prepare(self, inbound: Inbound) -> Inbound:
        """Shows that we are at work, says who speaks by name, and fetches the files that are to be learned."""
        if work := asyncio.current_task():
            work.add_done_callback(partial(self._left, inbound))
        if inbound.kind == "message" or (inbound.kind in ("command", "action") and inbound.origin is None):
            self._busy.begin(inbound)
        if inbound.author == inbound.who:
            inbound = replace(inbound, author=await self._name(inbound.who))
        return await self._shared.fetch(inbound) if inbound.name == "learn" else inbound

    def heard(self, inbound: Inbound) -> None:
        """Somebody speaks to us: they see within a moment that we listen."""
        if inbound.kind == "message":
            self._busy.glance(inbound)

    async def unkept(self, inbound: Inbound) -> None:
        """Who says something that the ledger does not take hears so."""

        async def tell() -> None:
            place = await self._places.of(inbound)
            given: dict[str, Any] = {"reference": place.reference} if place.reference else {}
            await place.channel.send(small(UNKEPT), **given)

        if inbound.kind not in ("edit", "delete"):
            await tried(tell())

    async def begin(self) -> None:
        """Discord knows us; what an earlier program left standing is taken away."""
        await self._notices.clear()

    async def close(self) -> None:
        """The program ends. Answers that are being written say so."""
        stages = [stage.break_off() for stage in self._stages.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*stages, return_exceptions=True)
        await self._busy.close()
        await self._notices.close()

    def page(self, message: int, guess: Scope | None) -> Scope | None:
        """The conversation that a message of ours belongs to, ``guess`` where it is not remembered; None for
        what we took away ourselves."""
        return self._pages.get(message, guess)

    # -- what a stage asks for --

    async def outlet(
        self, stage: DiscordStage, inbound: Inbound, slip: Written, growing: discord.ui.View | None
    ) -> Outlet:
        place = await self._places.of(inbound)
        await self._notices.over(inbound)
        self._stages[inbound.event_id] = stage
        return Outlet(place, slip, growing, _Watch(self, inbound), self._hosts)

    def shown(self, message: int, inbound: Inbound) -> None:
        """There is something to read: no need to say that we type."""
        self._busy.end(inbound)
        self._remember(message, inbound.scope)

    def removing(self, message: int) -> None:
        """We take this away ourselves: that means nothing."""
        self._remember(message, None)

    def hint(self, inbound: Inbound) -> str:
        """Under the first page of a conversation: how to go on, where Discord does not tell us all words."""
        client, scope = self._places.client, inbound.scope
        first = inbound.kind == "message" and inbound.message == scope.thread
        guild = client.get_guild(int(scope.tenant)) is not None
        return HINT if first and guild and not client.intents.message_content else ""

    def queued(self, inbound: Inbound, say: str) -> None:
        self._notices.show(inbound, say)

    async def fitting(self, inbound: Inbound, files: Sequence[File]) -> tuple[list[File], list[str]]:
        """The files as they may be handed over here, and what must be said about them."""
        if not files:
            return [], []
        guild = self._places.client.get_guild(int(inbound.scope.tenant))
        return await asyncio.to_thread(fitting, files, guild.filesize_limit if guild else LIMIT)

    async def named(self, inbound: Inbound, text: str) -> str:
        """``text`` with names of this server's roles and of people where it has their ids."""
        guild = self._places.client.get_guild(int(inbound.scope.tenant))
        names = {}
        for one in dict.fromkeys(_ID.findall(text)):
            role = guild.get_role(int(one)) if guild else None
            names[one] = role.name if role else await self._name(one)
        return _ID.sub(lambda found: f"@{names[found[0]]}", text)

    async def ended(self, inbound: Inbound) -> None:
        self._busy.end(inbound)
        self._stages.pop(inbound.event_id, None)
        await self._notices.over(inbound)

    def _left(self, inbound: Inbound, work: "asyncio.Task[Any]") -> None:
        """An answer that is left to another program has no end here. One that is cancelled is told so by `close`."""
        if not work.cancelled():
            self._stages.pop(inbound.event_id, None)

    def _remember(self, message: int, scope: Scope | None) -> None:
        self._pages[message] = scope
        while len(self._pages) > MANY:
            self._pages.popitem(last=False)

    async def _name(self, who: str) -> str:
        """What people call this person; the id where Discord does not say."""
        try:
            user = self._places.client.get_user(int(who)) or await self._places.client.fetch_user(int(who))
        except (*FAILED, ValueError):
            return who
        return user.display_name
