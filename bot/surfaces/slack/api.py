"""Api: one workspace's Web API as the surface uses it: paced, patient with rate limits, and with what
this workspace cannot do remembered.

Knows nothing of answers or events.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.render.slack import Block, plain

log = logging.getLogger(__name__)
T = TypeVar("T")

APPEND_EVERY = 0.6
"""Seconds between two calls of chat.appendStream in one workspace."""

FINAL = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "thread_not_found",
        "token_revoked",
        "user_not_in_channel",
    }
)
"""There is nobody to tell: these calls will not succeed by being repeated."""

PASSING = frozenset({"", "fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"})
"""What passes by itself. "" is an answer that is not in Slack's words: from a proxy, or cut off."""

BROKEN = (SlackClientError, ClientError, OSError, TimeoutError)
"""What Slack or the line make of a call that does not work."""

TRIES = 4


class Undeliverable(Exception):
    """Slack will not take messages for this place any more."""


def code(error: SlackApiError) -> str:
    """Slack's own word for it."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error") or "") if isinstance(data, Mapping) else ""


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """``work``, done again some times while what keeps it from being done may pass. Raises what it raised at last."""
    for tried in range(1, TRIES):
        try:
            return await work()
        except BROKEN as error:
            if isinstance(error, SlackApiError) and code(error) not in PASSING:
                raise
            log.warning("Slack did not take something (%s): once more", error)
            await asyncio.sleep(tried)
    return await work()


@dataclass(slots=True)
class Team:
    """What is known of a workspace while the program runs. ``status`` is the way by which it shows that
    we are at work: "session", "assistant" or "" (neither)."""

    native: bool = True
    status: str = "session"
    names: dict[str, str] = field(default_factory=dict)
    appends: asyncio.Lock = field(default_factory=asyncio.Lock)
    free: float = 0.0


class Tokens(Protocol):
    async def __call__(self, team: str) -> str: ...


def web_client(token: str | None, base_url: str, proxy: str = "") -> AsyncWebClient:
    """A client that waits as long as Slack says before it asks again."""
    handlers = [
        AsyncConnectionErrorRetryHandler(max_retry_count=2),
        AsyncRateLimitErrorRetryHandler(max_retry_count=6),
        AsyncServerErrorRetryHandler(max_retry_count=2),
    ]
    return AsyncWebClient(token=token, base_url=base_url, proxy=proxy or None, retry_handlers=handlers)


class Apis:
    """Each workspace's Api, by team id."""

    def __init__(self, tokens: Tokens, base_url: str, proxy: str = "") -> None:
        self._tokens = tokens
        self._base_url = base_url
        self._proxy = proxy
        self._teams: dict[str, Team] = {}

    def team(self, team: str) -> Team:
        return self._teams.setdefault(team, Team())

    async def of(self, team: str) -> "Api":
        token = await self._tokens(team)
        return Api(web_client(token, self._base_url, self._proxy), team, self.team(team))


class Api:
    """``client`` is the SDK's own. What is refused for good raises Undeliverable, all else SlackApiError."""

    def __init__(self, client: AsyncWebClient, team_id: str, team: Team) -> None:
        self.client = client
        self.team_id = team_id
        self.team = team

    async def post(
        self, channel: str, thread: str, text: str, blocks: Sequence[Block], metadata: dict[str, Any] | None = None
    ) -> str:
        """The new message's ts."""
        done = await self._call(
            self.client.chat_postMessage,
            channel=channel,
            thread_ts=thread or None,
            text=text,
            blocks=list(blocks) or None,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(done["ts"])

    async def whisper(self, channel: str, thread: str, user: str, text: str, blocks: Sequence[Block] = ()) -> None:
        """For this person only."""
        given = {"thread_ts": thread or None, "text": text, "blocks": list(blocks) or None}
        await self._call(self.client.chat_postEphemeral, channel=channel, user=user, **given)

    async def update(
        self, channel: str, ts: str, text: str, blocks: Sequence[Block], metadata: dict[str, Any] | None = None
    ) -> None:
        given = {"text": text, "blocks": list(blocks), "metadata": metadata}
        await self._call(self.client.chat_update, channel=channel, ts=ts, **given)

    async def start(self, channel: str, thread: str, user: str, chunks: Sequence[Block]) -> str:
        done = await self._call(
            self.client.chat_startStream,
            channel=channel,
            thread_ts=thread,
            recipient_team_id=self.team_id,
            recipient_user_id=user,
            chunks=list(chunks),
        )
        return str(done["ts"])

    async def append(self, channel: str, ts: str, chunks: Sequence[Block]) -> None:
        """One at a time in a workspace, and not too often."""
        loop = asyncio.get_running_loop()
        async with self.team.appends:
            await asyncio.sleep(max(0.0, self.team.free - loop.time()))
            self.team.free = loop.time() + APPEND_EVERY
        await self._call(self.client.chat_appendStream, channel=channel, ts=ts, chunks=list(chunks))

    async def stop(
        self, channel: str, ts: str, chunks: Sequence[Block], blocks: Sequence[Block], metadata: dict[str, Any] | None
    ) -> None:
        given = {"chunks": list(chunks) or None, "blocks": list(blocks) or None, "metadata": metadata}
        await self._call(self.client.chat_stopStream, channel=channel, ts=ts, **given)

    async def status(self, channel: str, thread: str, busy: bool) -> None:
        """Show, or stop showing, that we are at work. Never fails: it is only a courtesy."""
        team = self.team
        if team.status == "session":
            state = "processing" if busy else "active"
            if await self._tried(
                self.client.agents_sessions_setStatus, channel_id=channel, thread_ts=thread, status=state
            ):
                return
            team.status = "assistant"
        if team.status == "assistant":
            words = "is writing…" if busy else ""
            if not await self._tried(
                self.client.assistant_threads_setStatus, channel_id=channel, thread_ts=thread, status=words
            ):
                team.status = ""

    async def name(self, user: str) -> str:
        """What people call this person; the id where Slack does not say."""
        known = self.team.names
        if user and user not in known:
            try:
                profile = (await self.client.users_info(user=user))["user"]["profile"]
            except (SlackClientError, OSError, TimeoutError):
                return user
            known[user] = profile.get("display_name") or profile.get("real_name") or user
        return known.get(user, user)

    async def named(self, text: str) -> str:
        """What a person wrote, as it reads: with people's names where Slack has their ids."""
        ids = {part.split(">")[0].split("|")[0] for part in text.split("<@")[1:]}
        return plain(text, {user: await self.name(user) for user in ids})

    async def _tried(self, method: Callable[..., Awaitable[Any]], **args: Any) -> bool:
        """Whether it worked. A missing line or a full minute says nothing about what is possible."""
        try:
            await method(**args)
        except SlackApiError as error:
            return code(error) in {"ratelimited", *FINAL}
        except (SlackClientError, OSError, TimeoutError):
            return True
        return True

    async def _call(self, method: Callable[..., Awaitable[Any]], **args: Any) -> Any:
        try:
            return await method(**args)
        except SlackApiError as error:
            if code(error) in FINAL:
                raise Undeliverable(code(error)) from error
            raise
