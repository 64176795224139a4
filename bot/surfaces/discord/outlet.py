"""Outlet: a growing page as Discord messages: posted once, then edited, in parts that fit.

What an earlier attempt posted is written over and not posted anew. Knows nothing of what the text is.
"""

import asyncio
import hashlib
import io
import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import discord
from aiohttp import ClientError

from bot.events import File
from bot.render.discord import pages, small
from bot.render.pace import Pace
from bot.render.safe import line
from bot.surfaces.discord.places import ARCHIVED, UNKNOWN_MESSAGE, Place, Undeliverable

log = logging.getLogger(__name__)

EVERY = 1.2
"""Seconds between two edits."""

BRIEFLY = 0.3
"""Seconds that the first words wait for the end: many answers are one sentence."""

TRIES, FILES = 4, 900
_BROKEN = (ClientError, OSError, TimeoutError, discord.HTTPException, RuntimeError)
"""What may pass by itself. The line's library says RuntimeError where the line was just closed."""


class Slip(Protocol):
    """Where it is kept which messages an answer became."""

    key: str
    ids: tuple[str, ...]

    async def sending(self) -> None: ...

    async def posted(self, message: str) -> None: ...


class Watch(Protocol):
    def shown(self, message: int) -> None: ...

    def removing(self, message: int) -> None: ...


@dataclass(slots=True)
class _Part:
    """One message: what it shows, as far as we know, and whether there are buttons under it. One that
    somebody deleted is ``gone`` and stays so."""

    id: int
    shown: str = ""
    buttons: bool = False
    gone: bool = False


class Outlet:
    """Feed ``text`` and ``step`` as they come, ``end`` once. ``growing`` are the buttons while it grows,
    ``watch`` is told what is there to read, and what we take away ourselves. Links lead only to ``hosts``."""

    def __init__(
        self,
        place: Place,
        slip: Slip,
        growing: discord.ui.View | None,
        watch: Watch,
        hosts: Collection[str] = (),
    ) -> None:
        self._place = place
        self._slip = slip
        self._growing = growing
        self._watch = watch
        self._hosts = hosts
        self._repairs = bool(slip.ids)
        self._parts = [_Part(int(one), shown="\0", buttons=True) for one in slip.ids]
        self._text = ""
        self._step = ""
        self._over = asyncio.Event()
        self._edited = float("-inf")
        self._dead: Undeliverable | None = None
        self._handed: set[int] = set()
        self._pace = Pace(self._flush, EVERY)

    @property
    def _ending(self) -> bool:
        return self._over.is_set()

    def text(self, delta: str) -> None:
        self._text += delta
        self._touch()

    def step(self, title: str) -> None:
        """A step of the work: small print, as long as nothing else is there to read."""
        if title != self._step and not self._text.strip():
            self._step = title
            self._touch()

    async def end(
        self, text: str, foot: Sequence[str], buttons: discord.ui.View | None, files: Sequence[File] = ()
    ) -> tuple[str, ...]:
        """Ends the page as ``text`` with ``foot`` and ``files`` below it; the messages it became. Raises
        Undeliverable, and what Discord or the line says when it does not work after some tries."""
        self._over.set()
        await self._pace.close()
        for tried in range(1, TRIES + 1):
            try:
                await self._write(pages(text, foot, self._hosts), buttons)
                await self._hand_over(files)
                break
            except _BROKEN as error:
                refused = isinstance(error, discord.HTTPException) and error.status < 429
                if tried == TRIES or refused:
                    raise
                log.warning("The end of an answer did not arrive (%s): once more", error)
                await asyncio.sleep(tried)
        return tuple(str(part.id) for part in self._parts if not part.gone)

    def _touch(self) -> None:
        if self._dead is not None:
            raise self._dead
        if not self._repairs and not self._ending:
            self._pace.touch()

    async def _flush(self) -> None:
        if not self._parts:  # what is short comes whole
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), BRIEFLY)
        if self._ending:
            return
        contents = pages(self._text, (), self._hosts) or ([small(self._step)] if self._step else [])
        try:
            await self._write(contents, self._growing)
        except Undeliverable as error:
            self._dead = error
        except _BROKEN as error:
            log.warning("A part of an answer did not arrive (%s): it goes with the next", error)

    async def _write(self, contents: Sequence[str], buttons: discord.ui.View | None) -> None:
        """The messages as they should be: those that are there are edited where they differ, further ones
        posted, superfluous ones removed."""
        for number, content in enumerate(contents):
            last = number == len(contents) - 1
            view = buttons if last else None
            if number < len(self._parts):
                await self._edit(self._parts[number], content, view, settled=self._ending or not last)
            else:
                await self._post(number, content, view)
        while self._ending and len(self._parts) > len(contents):
            await self._remove(self._parts.pop())

    async def _edit(self, part: _Part, content: str, view: discord.ui.View | None, *, settled: bool) -> None:
        """``settled``: the buttons are as they will stay."""
        wanted = bool(view)
        if part.gone or (part.shown == content and not (settled and (wanted or part.buttons))):
            return
        await self._wait()
        given: dict[str, Any] = {"content": content}
        if settled and (wanted or part.buttons):
            given["view"] = view
        try:
            await self._place.channel.get_partial_message(part.id).edit(**given)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                part.gone = True
                return
            if error.code != ARCHIVED:
                _final(error)
                raise
            await self._woken()
            await self._place.channel.get_partial_message(part.id).edit(**given)
        self._watch.shown(part.id)
        part.shown, part.buttons = content, wanted if settled else part.buttons
        self._edited = asyncio.get_running_loop().time()

    async def _woken(self) -> None:
        try:
            await self._place.wake()
        except discord.HTTPException as error:
            _final(error)
            raise

    async def _post(self, number: int, content: str, view: discord.ui.View | None) -> None:
        await self._slip.sending()
        given = {"content": content, "view": view, "reference": self._place.reference}
        message = await self._send(nonce=self._nonce(number), **given)
        self._edited = asyncio.get_running_loop().time()
        self._watch.shown(message.id)
        self._parts.append(_Part(message.id, message.content or content, bool(message.components)))
        await self._slip.posted(str(message.id))
        if self._parts[-1].shown != content:  # Discord had it already, from before a crash
            await self._edit(self._parts[-1], content, view, settled=True)

    async def _hand_over(self, files: Sequence[File]) -> None:
        for number, file in enumerate(files, FILES):
            if number not in self._handed:
                bytes_ = discord.File(io.BytesIO(file.data), filename=line(file.name))
                await self._send(nonce=self._nonce(number), file=bytes_)
                self._handed.add(number)

    def _nonce(self, number: int) -> str:
        """The same for the same part of the same answer: what is sent again within minutes is not there
        twice."""
        return f"{hashlib.sha256(self._slip.key.encode()).hexdigest()[:20]}{number:03d}"

    async def _send(self, **given: Any) -> discord.Message:
        given = {name: one for name, one in given.items() if one is not None}
        try:
            return await self._place.channel.send(suppress_embeds=True, **given)
        except discord.HTTPException as error:
            _final(error)
            raise

    async def _remove(self, part: _Part) -> None:
        self._watch.removing(part.id)
        with suppress(discord.HTTPException):
            await self._place.channel.get_partial_message(part.id).delete()

    async def _wait(self) -> None:
        await asyncio.sleep(max(0.0, self._edited + EVERY - asyncio.get_running_loop().time()))


def _final(error: discord.HTTPException) -> None:
    """What will not succeed by being repeated. Raises Undeliverable."""
    if isinstance(error, discord.Forbidden | discord.NotFound):
        raise Undeliverable(f"{error.status}, {error.code}: {error.text}") from error
