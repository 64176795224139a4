"""Serve: the bot in Slack from its first connection to its last, over a socket or HTTP.

Says on its health page when it last heard of Slack and how much its loop lags, and ends when it has been
deaf for minutes, so that a supervisor starts it anew. Knows nothing of answers.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.lag import Lag
from bot.learning import many
from bot.surfaces.slack.door import Door
from bot.surfaces.slack.installs import Access, Installed, Misconfigured, bolt

__all__ = ["Access", "Installed", "Misconfigured", "bolt", "serve"]

log = logging.getLogger(__name__)

EVENTS, HEALTH = "/slack/events", "/health"
DEAF = 180.0
"""Seconds without a working line to Slack after which the program ends."""
UNWELL = 30.0
"""Seconds without one after which the health page says so."""


class Line:
    """Whether Slack can reach us. Over HTTP that cannot be known from here."""

    def __init__(self, door: Door, unwell_after: float = UNWELL) -> None:
        self._door = door
        self._unwell_after = unwell_after
        self._handler: AsyncSocketModeHandler | None = None
        self._begun = False
        self._sound = time.monotonic()

    def begin(self, handler: AsyncSocketModeHandler | None) -> None:
        """We listen: by ``handler``, or over HTTP."""
        self._handler, self._begun, self._sound = handler, True, time.monotonic()

    @property
    def well(self) -> bool:
        """Whether it stands, by what was known of it when it was last looked at."""
        return self._begun and time.monotonic() - self._sound < self._unwell_after

    async def deaf(self) -> float:
        """Seconds since the line was last known to work."""
        if self._handler is None or await self._handler.client.is_connected():
            self._sound = time.monotonic()
        return time.monotonic() - self._sound

    @property
    def heard(self) -> float:
        """Seconds since Slack last said anything."""
        pong = self._handler.client.last_ping_pong_time if self._handler else None
        quiet = time.monotonic() - self._door.heard
        return round(min(quiet, time.time() - pong) if pong else quiet, 1)


async def serve(
    stack: AsyncExitStack,
    access: Access,
    app: AsyncApp,
    door: Door,
    *,
    begin: Callable[[], Awaitable[int]],
    say: Callable[[str], None],
    host: str,
    port: int,
    ping: float,
    deaf_after: float = DEAF,
    line: Line | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM (0) or until deaf for too long (1). ``begin`` is called once Slack
    knows us, before anything is heard. ``line`` is for who wants to know meanwhile how it stands."""
    door.open(app)
    await _introduce(app, access)
    if access.client_id:
        app.enable_token_revocation_listeners()
    resumed = await begin()
    handler = None
    if access.socket:
        handler = AsyncSocketModeHandler(app, access.app_token, ping_interval=ping, proxy=access.proxy or None)
        stack.push_async_callback(handler.close_async)
        await handler.client.connect()  # type: ignore[no-untyped-call]  # as the SDK has it
    line, lag = line or Line(door), Lag()
    line.begin(handler)
    await _listen(stack, app, line, lag, host, port, events=not access.socket)
    where = "by socket" if access.socket else f"on http://{host}:{port}{EVENTS}"
    say(f"Listening to Slack {where}." + (f" {many(resumed, 'message', 'messages')} from before." if resumed else ""))
    return await _until_told(line, lag, deaf_after)


async def _introduce(app: AsyncApp, access: Access) -> None:
    """Whether Slack takes our tokens: the SDK would ask for ever, and say nothing."""
    asked = "slack_bot_token"
    try:
        if access.bot_token:
            await app.client.auth_test()
        if access.socket:
            asked = "slack_app_token"
            await app.client.apps_connections_open(app_token=access.app_token)
    except SlackApiError as error:
        code = error.response["error"]
        raise Misconfigured(f"Slack does not accept {asked} ({code}); copy it anew from the app's page.") from None
    except (SlackClientError, OSError, TimeoutError) as error:
        raise Misconfigured("Slack cannot be reached; check the network, slack_base_url and slack_proxy.") from error


async def _listen(
    stack: AsyncExitStack, app: AsyncApp, line: Line, lag: Lag, host: str, port: int, *, events: bool
) -> None:
    """The web server: for HTTP mode Bolt's own, with a health page; by socket the health page alone, where
    a port is set."""
    if not (port or events):
        return

    async def health(request: web.Request) -> web.Response:
        deaf = await line.deaf()
        state = {"ok": deaf < DEAF, "deaf_seconds": round(deaf, 1), "heard_seconds": line.heard, "lag_ms_p99": lag.p99}
        return web.json_response(state, status=200 if state["ok"] else 503)

    page = app.web_app(path=EVENTS, port=port) if events else web.Application()
    page.router.add_get(HEALTH, health)
    runner = web.AppRunner(page, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise Misconfigured(f"{host}:{port} is taken or forbidden; set slack_port to another.") from error


async def _until_told(line: Line, lag: Lag, deaf_after: float) -> int:
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):  # not on Windows, not off the main thread
            loop.add_signal_handler(sign, over.set)
    measuring = asyncio.create_task(lag.measure())
    try:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), min(5.0, deaf_after / 4))
            if await line.deaf() > deaf_after:
                log.error("Slack was not heard of for %.0f s: ending, to be started anew", deaf_after)
                return 1
        return 0
    finally:
        measuring.cancel()
        for sign in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(sign)
