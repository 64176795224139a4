"""Outlet: a growing page as Slack messages: streamed where Slack lets us, posted and edited elsewhere.

A stream lives five minutes and holds 12,000 characters, so a long page goes on in a new message. What
Slack did not take is kept and sent again. Knows nothing of what the text is.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError

from bot.render.pace import Pace
from bot.render.paging import split
from bot.render.slack import PART, Block, markdown, quiet, realign
from bot.surfaces.slack.api import BROKEN, PASSING, Api, Undeliverable, code, patiently

log = logging.getLogger(__name__)

STREAM_EVERY, EDIT_EVERY = 0.3, 1.2
ROLL_AFTER, ROLL_AT_LAST = 240.0, 285.0
CHUNK, MOST = 4000, 11_600
GONE = "message_not_found"
OVER = frozenset({"message_not_in_streaming_state", GONE, "streaming_state_conflict"})
FIXED = frozenset({"cant_update_message", "edit_window_closed"})
EVENT = "dramaturg_answer"
_BORDERS = (re.compile(r"\n[ \t]*\n+"), re.compile(r"\n"), re.compile(r"[.!?…。！？]\s+"))
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)


class Slip(Protocol):
    """Where it is kept which messages an answer became."""

    key: str
    ids: tuple[str, ...]

    async def sending(self) -> None: ...

    async def posted(self, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A thread of a channel, and whom we answer there."""

    channel: str
    thread: str
    user: str


@dataclass(slots=True)
class _Part:
    """One message: its ``ts`` ("" until it is posted), what of the page is in it, and whether Slack still streams it. One that
    somebody deleted is ``gone`` and stays so."""

    ts: str
    begun: float
    body: str = ""
    shown: str = ""
    live: bool = False
    gone: bool = False


class Outlet:
    """Feed ``text`` and ``task`` as they come, ``end`` once. ``slip.ids`` are messages an earlier attempt
    posted: they are written over, in one go at the end."""

    def __init__(self, api: Api, place: Place, slip: Slip, *, roll_after: float = ROLL_AFTER) -> None:
        self._api = api
        self._place = place
        self._slip = slip
        self._roll_after = roll_after
        self._repairs = bool(slip.ids)
        self._parts = [_Part(ts, 0.0, live=True) for ts in slip.ids]
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
                await self._write([part.text for part in split(final, PART)] or [""], under)
            else:
                await self._finish(final, under)

        await patiently(end)
        return self.shown

    @property
    def shown(self) -> tuple[str, ...]:
        """The messages that stand there."""
        return tuple(part.ts for part in self._parts if part.ts and not part.gone)

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

    def _border(self, part: _Part, text: str) -> int | None:
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
                await self._api.append(self._place.channel, part.ts, [*tasks, *_chunks(text)])
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

    async def _open(self, text: str, tasks: Sequence[Block]) -> _Part:
        lead = "```\n" if _fenced("".join(part.body for part in self._parts)) else ""
        await self._slip.sending()
        place = self._place
        ts = await self._api.start(place.channel, place.thread, place.user, [*tasks, *_chunks(lead + text)])
        self._parts.append(_Part(ts, asyncio.get_running_loop().time(), "", lead + text, live=True))
        await self._slip.posted(ts)
        return self._parts[-1]

    async def _close(self, part: _Part) -> None:
        """This message is full; the page goes on in the next."""
        tail = "\n```" if _fenced("".join(part.body for part in self._parts)) else ""
        await self._stop(part, tail, ())
        part.shown += tail

    async def _stop(self, part: _Part, tail: str, under: Sequence[Block]) -> bool:
        """Whether Slack still had the stream open."""
        ended = True
        try:
            await self._api.stop(self._place.channel, part.ts, _chunks(tail), under, self._metadata)
        except SlackApiError as error:
            if code(error) not in OVER:
                raise
            ended = False
        part.live = False
        return ended

    async def _edit(self) -> None:
        """Not more often than people can read; the end writes it all, once."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), max(0.0, self._edited + EDIT_EVERY - loop.time()))
        if self._text.strip() and not self._ending.is_set():
            await self._write([part.text for part in split(self._text, PART)], ())
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
        ended = await self._stop(last, "", under if clean else ()) if last.live else False
        if clean and ended:
            return
        for part, text in zip(self._parts, wanted, strict=True):
            below = under if part is last else ()
            if text != part.body or part is last or self._dirty:
                await self._replace(part, text, below)

    def _fold(self) -> None:
        """What Slack does not take as a stream stands in the last message, and in further ones yet to be posted."""
        if self._unsent:
            first, *more = (part.body for part in split(self._parts[-1].body + self._unsent, PART))
            self._parts[-1].body, self._unsent, self._dirty = first, "", True
            self._parts += [_Part("", 0.0, body) for body in more]

    async def _write(self, texts: Sequence[str], under: Sequence[Block]) -> None:
        """The page as whole messages: those that are there are written over, the rest is posted."""
        for number, text in enumerate(texts):
            below = under if number == len(texts) - 1 else ()
            if number < len(self._parts):
                if text != self._parts[number].shown or below:
                    await self._replace(self._parts[number], text, below)
            elif text.strip() or below:
                self._parts.append(_Part(await self._post(text, below), 0.0, text, text))

    async def _replace(self, part: _Part, text: str, under: Sequence[Block]) -> None:
        if part.gone:
            return
        if not part.ts:
            part.ts = await self._post(text, under)
            return
        if part.live and self._api.team.native:
            await self._stop(part, "", ())
        part.live = False
        try:
            await self._api.update(self._place.channel, part.ts, _notice(text), _blocks(text, under), self._metadata)
            part.shown = text
        except SlackApiError as error:
            part.gone = code(error) == GONE
            if code(error) in FIXED:  # another stands for it from now on
                part.ts, part.shown = await self._post(text, under), text
            elif not part.gone:
                raise

    async def _post(self, text: str, under: Sequence[Block]) -> str:
        await self._slip.sending()
        place = self._place
        ts = await self._api.post(place.channel, place.thread, _notice(text), _blocks(text, under), self._metadata)
        await self._slip.posted(ts)
        return ts

    @property
    def _metadata(self) -> dict[str, Any]:
        """By this a crashed program's answer is found again."""
        return {"event_type": EVENT, "event_payload": {"key": self._slip.key}}


async def posted_before(api: Api, place: Place, key: str, after: str) -> tuple[str, ...] | None:
    """The messages that an earlier program may have posted as this answer: those that say so, and a
    stream it could not finish. None when Slack does not let us look."""
    try:
        found = await api.client.conversations_replies(
            channel=place.channel, ts=place.thread, oldest=after or place.thread, limit=15, include_all_metadata=True
        )
        mine = (await api.client.auth_test())["user_id"]
    except (*BROKEN, Undeliverable):
        return None
    messages = [one for one in found["messages"] if one.get("user") == mine and one["ts"] > after]
    keys = {one["ts"]: ((one.get("metadata") or {}).get("event_payload") or {}).get("key") for one in messages}
    return tuple(ts for ts, known in keys.items() if known == key or (known is None and after))


def _chunks(text: str) -> list[Block]:
    return [{"type": "markdown_text", "text": text[at : at + CHUNK]} for at in range(0, len(text), CHUNK)]


def _blocks(text: str, under: Sequence[Block]) -> list[Block]:
    return [*([markdown(text)] if text.strip() else []), *under]


def _notice(text: str) -> str:
    """What a notification says."""
    return quiet(" ".join(text.split())[:150]) or "…"


def _fenced(text: str) -> bool:
    return len(_FENCE.findall(text)) % 2 == 1
