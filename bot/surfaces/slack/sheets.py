"""Sheets: the messages that a page is in Slack, each posted once, written over, and ended where it is a stream.

Knows nothing of how the page grows, nor of what its text is.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError

from bot.render.slack import Block, markdown, quiet
from bot.surfaces.slack.api import BROKEN, Api, Undeliverable, code

CHUNK = 4000
GONE = "message_not_found"
OVER = frozenset({"message_not_in_streaming_state", GONE, "streaming_state_conflict"})
FIXED = frozenset({"cant_update_message", "edit_window_closed"})
EVENT = "dramaturg_answer"


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
class Part:
    """One message: its ``ts`` ("" until it is posted), what of the page is in it, and whether Slack still streams it. One that
    somebody deleted is ``gone`` and stays so."""

    ts: str
    begun: float
    body: str = ""
    shown: str = ""
    live: bool = False
    gone: bool = False


class Sheets:
    """``slip.ids`` are messages an earlier attempt posted."""

    def __init__(self, api: Api, place: Place, slip: Slip) -> None:
        self._api = api
        self._place = place
        self._slip = slip
        self.parts = [Part(ts, 0.0, live=True) for ts in slip.ids]

    @property
    def shown(self) -> tuple[str, ...]:
        """The messages that stand there."""
        return tuple(part.ts for part in self.parts if part.ts and not part.gone)

    async def begin(self, text: str, tasks: Sequence[Block]) -> Part:
        """A stream that begins with ``text``."""
        await self._slip.sending()
        place = self._place
        ts = await self._api.start(place.channel, place.thread, place.user, [*tasks, *chunks(text)])
        self.parts.append(Part(ts, asyncio.get_running_loop().time(), "", text, live=True))
        await self._slip.posted(ts)
        return self.parts[-1]

    async def stop(self, part: Part, tail: str, under: Sequence[Block]) -> bool:
        """Whether Slack still had the stream open."""
        ended = True
        try:
            await self._api.stop(self._place.channel, part.ts, chunks(tail), under, self._metadata)
        except SlackApiError as error:
            if code(error) not in OVER:
                raise
            ended = False
        part.live = False
        return ended

    async def write(self, texts: Sequence[str], under: Sequence[Block]) -> None:
        """The page as whole messages: those that are there are written over, the rest is posted."""
        for number, text in enumerate(texts):
            below = under if number == len(texts) - 1 else ()
            if number < len(self.parts):
                if text != self.parts[number].shown or below:
                    await self.replace(self.parts[number], text, below)
            elif text.strip() or below:
                self.parts.append(Part(await self._post(text, below), 0.0, text, text))

    async def replace(self, part: Part, text: str, under: Sequence[Block]) -> None:
        if part.gone:
            return
        if not part.ts:
            part.ts = await self._post(text, under)
            return
        if part.live and self._api.team.native:
            await self.stop(part, "", ())
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


def chunks(text: str) -> list[Block]:
    return [{"type": "markdown_text", "text": text[at : at + CHUNK]} for at in range(0, len(text), CHUNK)]


def _blocks(text: str, under: Sequence[Block]) -> list[Block]:
    return [*([markdown(text)] if text.strip() else []), *under]


def _notice(text: str) -> str:
    """What a notification says."""
    return quiet(" ".join(text.split())[:150]) or "…"
