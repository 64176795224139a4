"""House: what all platforms are served with, opened once: the ledger, the index, the writer, the gate.

Knows nothing of any platform.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from bot.app import App, Conversing, begin_writer, open_app, open_conversing
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    settings: Settings
    app: App
    room: Conversing


@dataclass(frozen=True, slots=True)
class Served:
    """A platform ready to be served: ``run`` until the event is set gives the exit status, ``heard`` says
    how many seconds ago it was last heard, ``well`` whether that is as it should be. One that does not
    ``heed`` the event ends by signal, or when it is cancelled."""

    name: str
    run: Callable[[asyncio.Event], Awaitable[int]]
    heard: Callable[[], float]
    well: Callable[[], bool]
    heeds: bool = True


async def open_house(stack: AsyncExitStack, settings: Settings) -> House:
    writer = begin_writer(stack, settings)
    app = await open_app(stack, settings)
    house = House(settings, app, await open_conversing(stack, app, writer))
    gc.freeze()  # what was loaded stays: to go through it again and again would hold everybody up for a tenth of a second
    return house


async def until_told(work: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """``work`` with an event that is set by SIGINT and SIGTERM."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    signs = (signal.SIGINT, signal.SIGTERM)
    for sign in signs:
        with suppress(NotImplementedError, RuntimeError):  # not on Windows, not off the main thread
            loop.add_signal_handler(sign, over.set)
    try:
        return await work(over)
    finally:
        for sign in signs:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(sign)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
