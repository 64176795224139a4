"""Outlet: a growing page as Slack messages: streamed where Slack lets us, posted and edited elsewhere.

A stream lives five minutes and holds 12,000 characters, so a long page goes on in a new message. What
Slack did not take is kept and sent again. Knows nothing of what the text is.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import suppress

from slack_sdk.errors import SlackApiError

from bot.render.pace import Pace
from bot.render.paging import split
from bot.render.slack import PART, Block, realign
from bot.surfaces.slack.api import BROKEN, PASSING, Api, code, patiently
from bot.surfaces.slack.sheets import CHUNK, GONE, OVER, Part, Place, Sheets, Slip, chunks

log = logging.getLogger(__name__)

STREAM_EVERY, EDIT_EVERY = 0.3, 1.2
ROLL_AFTER, ROLL_AT_LAST = 240.0, 285.0
MOST = 11_600
_BORDERS = (re.compile(r"\n[ \t]*\n+"), re.compile(r"\n"), re.compile(r"[.!?…。！？]\s+"))
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)


class Outlet:
    """Feed ``text`` and ``task`` as they come, ``end`` once. ``slip.ids`` are messages an earlier attempt
    posted: they are written over, in one go at the end."""

    def __init__(self, api: Api, place: Place, slip: Slip, *, roll_after: float = ROLL_AFTER) -> None:
        self._api = api
        self._place = place
        self._roll_after = roll_after
        self._repairs = bool(slip.ids)
        self._sheets = Sheets(api, place, slip)
        self._parts = self._sheets.parts
        self._text = ""
        self._unsent = ""
        self._tasks: dict[str, Block] = {}
        self._dirty = False
        self._stopped = False
        self._ending = asyncio.Event()
        self._edited = 0.0
        self._pace = Pace(self._flush, STREAM_EVERY)

    @property
    def streamed(self) -> str:
        return self._text

    def text(self, delta: str) -> None:
        self._text += delta
        self._unsent += delta
        if not self._repairs:
            self._pace.touch()

    def task(self, name: str, title: str, state: str) -> None:
        """A step of the work; shown where pages are streamed."""
        if self._api.team.native and not self._repairs:
            self._tasks[name] = {"type": "task_update", "id": name, "title": title[:250], "status": state}
            self._pace.touch()

    async def end(self, final: str, under: Sequence[Block]) -> tuple[str, ...]:
        """Ends the page as ``final`` with ``under`` below it; the messages it became. Raises Undeliverable, and
        what Slack or the line say when it does not work after some tries."""
        self._ending.set()
        await self._pace.close()
        final = final or self._text
        whole = self._repairs or not self._parts

        async def end() -> None:
            if whole or not self._api.team.native:
                await self._sheets.write([part.text for part in split(final, PART)] or [""], under)
            else:
                await self._finish(final, under)

        await patiently(end)
        return self.shown

    @property
    def shown(self) -> tuple[str, ...]:
        """The messages that stand there."""
        return self._sheets.shown

    # -- while it grows --

    async def _flush(self) -> None:
        """What did not work goes with the next, or at the latest with the end."""
        try:
            await self._grow()
        except BROKEN as error:
            self._dirty = True
            log.warning("A part of an answer did not arrive (%s): it goes with the next", error)

    async def _grow(self) -> None:
        if self._stopped or any(part.gone for part in self._parts):
            return
        if not self._api.team.native:
            await self._edit()
            return
        try:
            await self._stream()
        except SlackApiError as error:
            if code(error) == "stopped_by_user":
                self._stopped = True
            elif self._parts or code(error) in PASSING:
                raise
            else:  # no native streams here: remembered for the workspace
                self._api.team.native = False
                await self._edit()

    async def _stream(self) -> None:
        """What Slack has taken is no longer unsent. Tasks are a courtesy and go once."""
        tasks, self._tasks = list(self._tasks.values()), {}
        if tasks:
            await self._push("", tasks)
        while self._unsent and not (self._parts and self._parts[-1].gone):
            text = self._unsent
            part = self._parts[-1] if self._parts and self._parts[-1].live else None
            cut = min(len(text), CHUNK)
            if part is not None and (border := self._border(part, text)) is not None:
                if border:
                    await self._push(text[:border])
                    self._unsent = self._unsent[border:]
                await self._close(part)
                continue
            if part is not None:  # up to where a border is looked for, and from there to the end of the room
                room = PART if len(part.shown) < PART else MOST
                cut = min(cut, max(room - len(part.shown), 1))
            await self._push(text[:cut])
            self._unsent = self._unsent[cut:]

    def _border(self, part: Part, text: str) -> int | None:
        """Where in ``text`` this message ends; None when it goes on."""
        age, size = asyncio.get_running_loop().time() - part.begun, len(part.shown)
        if age < self._roll_after and size < PART:
            return None
        for border in _BORDERS:
            found = border.search(text[: max(MOST - size, 0)])
            if found:
                return found.end()
        hard = age >= self._roll_after + (ROLL_AT_LAST - ROLL_AFTER) or size >= MOST
        return 0 if hard else None

    async def _push(self, text: str, tasks: Sequence[Block] = ()) -> None:
        """Into the open stream; into a new one where there is none, or where Slack has ended it."""
        part = self._parts[-1] if self._parts and self._parts[-1].live else None
        if part is None:
            part = await self._open(text, tasks)
        else:
            try:
                await self._api.append(self._place.channel, part.ts, [*tasks, *chunks(text)])
                part.shown += text
            except SlackApiError as error:
                if code(error) not in OVER:
                    raise
                part.live, self._dirty = False, True
                if code(error) == GONE:
                    part.gone = True
                    return
                part = await self._open(text, tasks)
        part.body += text

    async def _open(self, text: str, tasks: Sequence[Block]) -> Part:
        lead = "```\n" if _fenced("".join(part.body for part in self._parts)) else ""
        return await self._sheets.begin(lead + text, tasks)

    async def _close(self, part: Part) -> None:
        """This message is full; the page goes on in the next."""
        tail = "\n```" if _fenced("".join(part.body for part in self._parts)) else ""
        await self._sheets.stop(part, tail, ())
        part.shown += tail

    async def _edit(self) -> None:
        """Not more often than people can read; the end writes it all, once."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), max(0.0, self._edited + EDIT_EVERY - loop.time()))
        if self._text.strip() and not self._ending.is_set():
            await self._sheets.write([part.text for part in split(self._text, PART)], ())
            self._edited = loop.time()

    # -- at the end --

    async def _finish(self, final: str, under: Sequence[Block]) -> None:
        """The stream's messages get their markers and what stands under the page."""
        if self._unsent and not self._stopped:  # the line broke while this was on its way
            await self._flush()
            self._fold()
        bodies = [part.body for part in self._parts]
        wanted = realign(final, bodies) or ([final] if len(bodies) == 1 else bodies)
        last = self._parts[-1]
        clean = not self._dirty and wanted == bodies
        ended = await self._sheets.stop(last, "", under if clean else ()) if last.live else False
        if clean and ended:
            return
        for part, text in zip(self._parts, wanted, strict=True):
            below = under if part is last else ()
            if text != part.body or part is last or self._dirty:
                await self._sheets.replace(part, text, below)

    def _fold(self) -> None:
        """What Slack does not take as a stream stands in the last message, and in further ones yet to be posted."""
        if self._unsent:
            first, *more = (part.body for part in split(self._parts[-1].body + self._unsent, PART))
            self._parts[-1].body, self._unsent, self._dirty = first, "", True
            self._parts += [Part("", 0.0, body) for body in more]


def _fenced(text: str) -> bool:
    return len(_FENCE.findall(text)) % 2 == 1
