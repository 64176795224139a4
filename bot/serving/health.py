"""Health: one page that says of each platform when it was last heard, and how late the loop is.

Knows nothing of any platform.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from bot.commands.call import Mistaken
from bot.lag import Lag
from bot.serving.house import Served

PATH = "/health"


async def show_health(stack: AsyncExitStack, every: Sequence[Served], host: str, port: int) -> None:
    """Serve the page until ``stack`` closes; not at all without a port. 503 where a platform is not well."""
    if not port:
        return
    lag = Lag()
    measuring = asyncio.create_task(lag.measure())

    async def stop() -> None:
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)

    stack.push_async_callback(stop)

    async def health(request: web.Request) -> web.Response:
        heard = {served.name: {"ok": served.well(), "heard_seconds": served.heard()} for served in every}
        well = all(one["ok"] for one in heard.values())
        state = {"ok": well, **heard, "lag_ms_p99": lag.p99}
        return web.json_response(state, status=200 if well else 503)

    page = web.Application()
    page.router.add_get(PATH, health)
    runner = web.AppRunner(page, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise Mistaken(f"{host}:{port} is taken or forbidden; set health_port to another.") from error
