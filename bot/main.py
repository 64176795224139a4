"""Main: from a command's name to the function that carries it out, inside settings, log and event loop.

Loads nothing but the settings before it knows what is wanted: the prompt must stand at once. Knows
nothing of what any command does.
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from bot import logs
from bot.config import Config, SettingError, load

_USAGE, _FAILED, _INTERRUPTED = 2, 1, 130
_PLACES = {
    "chat": "bot.chat",
    "slack": "bot.serving.slack",
    "discord": "bot.serving.discord",
    "serve": "bot.serving.all",
    "manifest": "bot.manifest",
}


def run(what: str, **given: Any) -> int:
    """Carry out the command ``what``; gives the program's exit status. What is wrong on the person's
    side is one sentence on standard error."""
    try:
        config = load(writer=given.pop("writer", "") or None)
        handler = logs.start(config.settings.home, config.settings.log_level, config.secrets())
    except (SettingError, OSError) as error:
        return _complain(error, _USAGE)
    try:
        return asyncio.run(_within(what, config, given))
    except _expected() as error:
        return _complain(error, _FAILED)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        logs.stop(handler)


async def _within(what: str, config: Config, given: dict[str, Any]) -> int:
    try:
        module = importlib.import_module(_PLACES.get(what, "bot.tasks"))
    except ModuleNotFoundError as error:
        extra = what if what != "serve" else "slack,discord"
        return _complain(f"This needs more packages ({error.name} is missing): install dramaturg[{extra}].", _FAILED)
    work: Callable[..., Awaitable[int]] = getattr(module, what)
    async with AsyncExitStack() as stack:
        return await work(stack, config, **given)


def _expected() -> tuple[type[Exception], ...]:
    """What goes wrong in known ways; looked up only when something did."""
    known: tuple[type[Exception], ...] = importlib.import_module("bot.desk").EXPECTED
    return known


def _complain(error: BaseException | str, status: int) -> int:
    sys.stderr.write(f"dramaturg: {error}\n")
    return status
