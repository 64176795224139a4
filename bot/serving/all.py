"""Serving all that is configured, in one program: one ledger, one writer, one gate, one page of health.

A platform's packages are loaded only where it is configured. Knows nothing of any platform's protocol.
"""

import asyncio
import importlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from bot.commands.call import Mistaken
from bot.config import Config
from bot.serving.house import Served, open_house, until_told
from bot.settings import Settings


def configured(settings: Settings) -> list[str]:
    """The platforms that have a token."""
    slack = settings.slack_bot_token.get_secret_value() or settings.slack_client_id
    discord = settings.discord_token.get_secret_value()
    return [name for name, given in (("slack", slack), ("discord", discord)) if given]


async def serve(stack: AsyncExitStack, config: Config) -> int:
    """Serve until told to stop (0), or until a platform is deaf for too long (1). Raises Mistaken."""
    settings = config.settings
    names = configured(settings)
    if not names:
        raise Mistaken(
            "There is nothing to serve: set slack_bot_token or discord_token (docs/slack.md, docs/discord.md)."
        )
    places = [_place(name) for name in names]
    for place in places:
        place.check(settings)
    house = await open_house(stack, settings)
    every = [await getattr(place, f"open_{name}")(stack, house) for name, place in zip(names, places, strict=True)]
    health: Any = importlib.import_module("bot.serving.health")
    await health.show_health(stack, every, settings.health_host, settings.health_port)
    return await until_told(lambda over: _together(every, over))


def _place(name: str) -> Any:
    try:
        return importlib.import_module(f"bot.serving.{name}")
    except ModuleNotFoundError as error:
        say = f"{name} is configured, but its packages are missing ({error.name}): install dramaturg[{name}]."
        raise Mistaken(say) from None


async def _together(every: Sequence[Served], over: asyncio.Event) -> int:
    """Where one ends, all end."""
    running = [asyncio.create_task(_until(served, over), name=served.name) for served in every]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        over.set()
        return max(task.result() for task in done)
    finally:
        _, late = await asyncio.wait(running, timeout=10)
        for task in late:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _until(served: Served, over: asyncio.Event) -> int:
    """A platform that listens to signals by itself is ended from here when another has ended."""
    running = asyncio.ensure_future(served.run(over))
    telling = asyncio.create_task(over.wait())
    try:
        await asyncio.wait({running, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await asyncio.wait({running}, timeout=8 if served.heeds else 0)
        return running.result() if running.done() else 0
    finally:
        for task in (running, telling):
            task.cancel()
        await asyncio.gather(running, telling, return_exceptions=True)
