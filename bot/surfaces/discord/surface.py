"""Surface: Discord as the gate needs it: stages to play on, and what must be fetched before a turn.

Knows nothing of how events arrive.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import discord
from aiohttp import ClientError

from bot.events import File, Inbound
from bot.gate import Slip
from bot.render.discord import small
from bot.surfaces.discord.files import Incoming, Unfetched
from bot.surfaces.discord.handing import LIMIT, fitting
from bot.surfaces.discord.outlet import Outlet
from bot.surfaces.discord.outlet import Slip as Written
from bot.surfaces.discord.places import Place, Places, Undeliverable
from bot.surfaces.discord.stage import DiscordStage
from memory import Kept, Scope

log = logging.getLogger(__name__)

TYPING_EVERY, MANY = 8.0, 5000
_FAILED = (ClientError, OSError, TimeoutError, discord.HTTPException, Undeliverable)
_ID = re.compile(r"\b\d{15,20}\b")


class Inbox(Protocol):
    async def find(self, scope: Scope, message: str) -> Kept | None: ...


@dataclass(slots=True)
class _Notice:
    """That somebody's message waits: shown after a moment, or never."""

    inbound: Inbound
    task: "asyncio.Task[None]"
    message: discord.Message | None = None


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
    """``burst``: seconds to wait for a person's next message."""

    def __init__(self, places: Places, inbox: Inbox, incoming: Incoming, burst: float = 0.7) -> None:
        self._places = places
        self._inbox = inbox
        self._incoming = incoming
        self._burst = burst
        self._stages: dict[str, DiscordStage] = {}
        self._typing: dict[str, asyncio.Task[None]] = {}
        self._notices: dict[str, _Notice] = {}
        self._fetched: dict[str, list[Path]] = {}
        self._pages: OrderedDict[int, Scope | None] = OrderedDict()
        self._behind: set[asyncio.Task[None]] = set()

    @property
    def burst(self) -> float:
        return self._burst

    def stage(self, inbound: Inbound, slip: Slip) -> DiscordStage:
        return DiscordStage(inbound, slip, self)

    async def prepare(self, inbound: Inbound) -> Inbound:
        """Shows that we are at work, says who speaks by name, and fetches the files that are to be learned."""
        if inbound.kind == "message" or (inbound.kind in ("command", "action") and inbound.origin is None):
            self._type(inbound)
        if inbound.author == inbound.who:
            inbound = replace(inbound, author=await self._name(inbound.who))
        return await self._with_files(inbound) if inbound.name == "learn" else inbound

    def heard(self, inbound: Inbound) -> None:
        """Somebody speaks to us: they see within a moment that we listen."""
        if inbound.kind == "message":
            self._later(self._type_once(inbound))

    async def close(self) -> None:
        """The program ends. Answers that are being written say so."""
        stages = [stage.break_off() for stage in self._stages.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.gather(*stages, return_exceptions=True)
        tasks = [*self._typing.values(), *self._behind, *(notice.task for notice in self._notices.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def page(self, message: int, guess: Scope | None) -> Scope | None:
        """The conversation that a message of ours belongs to, ``guess`` where it is not remembered; None for
        what we took away ourselves."""
        return self._pages.get(message, guess)

    # -- what a stage asks for --

    def shown(self, message: int, inbound: Inbound) -> None:
        """There is something to read: no need to say that we type."""
        self._rest(inbound)
        self._pages[message] = inbound.scope
        while len(self._pages) > MANY:
            self._pages.popitem(last=False)

    def removing(self, message: int) -> None:
        """We take this away ourselves: that means nothing."""
        self._pages[message] = None

    async def outlet(
        self, stage: DiscordStage, inbound: Inbound, slip: Written, growing: discord.ui.View | None
    ) -> Outlet:
        place = await self._place(inbound)
        outlet = Outlet(place, slip, growing, _Watch(self, inbound))
        if notice := await self._begun(inbound):
            await outlet.adopt(notice)
        self._stages[inbound.event_id] = stage
        return outlet

    async def queued(self, inbound: Inbound, say: str) -> None:
        """Says that the message waits; the answer begins where that stood."""

        async def tell() -> None:
            place = await self._place(inbound)
            reference = place.reference
            if reference is None and inbound.message and inbound.message != inbound.scope.thread:
                reference = replace(place, reply=int(inbound.message)).reference
            given: dict[str, Any] = {"reference": reference} if reference else {}
            notice.message = await place.channel.send(small(f"Noted: {say}."), **given)

        notice = _Notice(inbound, asyncio.create_task(self._tried(tell())))
        self._notices[inbound.event_id] = notice

    async def fitting(self, inbound: Inbound, files: Sequence[File]) -> tuple[list[File], list[str]]:
        """The files as they may be handed over here, and what must be said about them."""
        if not files:
            return [], []
        guild = self._places.client.get_guild(int(inbound.scope.tenant))
        return await asyncio.to_thread(fitting, files, guild.filesize_limit if guild else LIMIT)

    def named(self, inbound: Inbound, text: str) -> str:
        """``text`` with names of this server's roles and of people where it has their ids."""
        client = self._places.client
        guild = client.get_guild(int(inbound.scope.tenant))

        def name(found: re.Match[str]) -> str:
            role = guild.get_role(int(found[0])) if guild else None
            user = client.get_user(int(found[0]))
            return f"@{role.name}" if role else f"@{user.display_name}" if user else found[0]

        return _ID.sub(name, text)

    async def ended(self, inbound: Inbound) -> None:
        self._rest(inbound)
        self._stages.pop(inbound.event_id, None)
        await self._begun(inbound)
        self._incoming.drop(inbound.scope, self._fetched.pop(inbound.event_id, ()))

    # -- behind --

    async def _place(self, inbound: Inbound) -> Place:
        return await self._places.of(inbound)

    async def _begun(self, inbound: Inbound) -> discord.Message | None:
        """What was said about waiting is over: the message that said it of this event, others removed."""
        own: discord.Message | None = None
        for event, notice in list(self._notices.items()):
            if notice.inbound.scope != inbound.scope or notice.inbound.who != inbound.who:
                continue
            del self._notices[event]
            await asyncio.wait([notice.task])  # one that is on its way cannot be called back
            if notice.message is not None and event == inbound.event_id:
                own = notice.message
            elif notice.message is not None:
                self.removing(notice.message.id)
                await self._tried(notice.message.delete())
        return own

    def _type(self, inbound: Inbound) -> None:
        async def on() -> None:
            while True:
                await self._type_once(inbound)
                await asyncio.sleep(TYPING_EVERY)

        if inbound.event_id not in self._typing:
            self._typing[inbound.event_id] = asyncio.create_task(self._tried(on()))

    def _rest(self, inbound: Inbound) -> None:
        typing = self._typing.pop(inbound.event_id, None)
        if typing is not None:
            typing.cancel()

    async def _type_once(self, inbound: Inbound) -> None:
        place = await self._place(inbound)
        await place.channel.typing()

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(self._tried(work))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _tried(self, work: Coroutine[Any, Any, Any]) -> None:
        """Courtesies may fail with the platform; that ends nothing else."""
        try:
            await work
        except _FAILED as error:
            log.info("Discord did not take a courtesy: %s", error)

    async def _name(self, who: str) -> str:
        """What people call this person; the id where Discord does not say."""
        try:
            user = self._places.client.get_user(int(who)) or await self._places.client.fetch_user(int(who))
        except (*_FAILED, ValueError):
            return who
        return user.display_name

    async def _with_files(self, inbound: Inbound) -> Inbound:
        """What cannot be fetched is named as a file that is not there, with the reason."""
        files = inbound.files
        if about := inbound.values.get("files_of"):
            files = await self._files_of(inbound.scope, about)
        fetched, problems = [], []
        for file in files:
            try:
                path = await self._incoming.fetch(inbound.scope, file)
                self._fetched.setdefault(inbound.event_id, []).append(path)
                fetched.append(replace(file, path=str(path)))
            except Unfetched as error:
                problems.append(str(error))
        values: Mapping[str, str] = {**inbound.values, "problem": " ".join(problems)}
        return replace(inbound, files=tuple(fetched), text="", values=values)

    async def _files_of(self, scope: Scope, message: str) -> tuple[File, ...]:
        """The files of a message in this room. Their addresses expire, so the message is asked for again."""
        kept = await self._inbox.find(scope, message)
        if kept is None:
            return ()
        letter = kept.letter
        for channel in dict.fromkeys((letter.scope.room, letter.scope.thread)):
            with suppress(*_FAILED, ValueError):
                found = await self._places.client.get_partial_messageable(int(channel)).fetch_message(int(message))
                return tuple(attached(one) for one in found.attachments)
        return tuple(File(name, url=url, media=media) for name, url, media in letter.files)


def attached(one: discord.Attachment) -> File:
    """A file that a person shared."""
    return File(one.filename, media=one.content_type or "application/octet-stream", url=one.url)
