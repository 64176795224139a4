"""Serve: the bot in Discord from its first connection to its last: a line that breaks is opened anew,
patiently. Knows nothing of answers.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import discord

from bot.surfaces.discord.client import Client, Ears, Line, Spent

log = logging.getLogger(__name__)

DEAF = 180.0
"""Seconds without a working line to Discord after which the program ends."""

FIRST, LONGEST = 1.0, 60.0
"""Seconds before the line is opened anew: after the first break, and at most."""


class Misconfigured(Exception):
    """Discord cannot be reached as it is set up; the message says what to set."""


class Station:
    """One bot's line to Discord, kept open. ``trouble`` is told when it does not open at the first try."""

    def __init__(self, line: Line, ears: Ears, trouble: Callable[[str], None], deaf_after: float = DEAF) -> None:
        self._line = line
        self._ears = ears
        self._trouble = trouble
        self._deaf_after = deaf_after
        self._client: Client | None = None
        self._sound = time.monotonic()
        self._spent_until = 0.0

    @property
    def heard(self) -> float:
        """Seconds since Discord last said anything."""
        return round(time.monotonic() - (self._client.heard if self._client else self._sound), 1)

    @property
    def deaf(self) -> float:
        """Seconds since the line was last known to work."""
        if (self._client and not self._client.deaf()) or time.monotonic() < self._spent_until:
            self._sound = time.monotonic()
            return 0.0
        return time.monotonic() - self._sound

    async def keep(
        self, over: asyncio.Event, say: Callable[[discord.Client], None], last: Callable[[], Awaitable[None]]
    ) -> int:
        """Listen until ``over`` (0) or until deaf for too long (1). ``say`` is called when it first listens,
        ``last`` is awaited before the line is closed. Raises Misconfigured."""
        working = asyncio.create_task(self._work(say))
        telling = asyncio.create_task(over.wait())
        try:
            while not (over.is_set() or working.done()):
                pause = min(5.0, self._deaf_after / 4)
                await asyncio.wait({working, telling}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                deaf = self.deaf
                if not deaf:
                    self._ears.beat()
                if deaf > self._deaf_after:
                    log.error("Discord was not heard of for %.0f s: ending, to be started anew", self._deaf_after)
                    return 1
            if working.done():
                working.result()
            return 0
        finally:
            await last()
            for task in (working, telling):
                task.cancel()
            await asyncio.gather(working, telling, return_exceptions=True)

    async def _work(self, say: Callable[[discord.Client], None]) -> None:
        pause, told = FIRST, False
        while True:
            began = time.monotonic()
            client = self._client = Client(self._line, self._ears)
            telling = asyncio.create_task(self._tell(client, say)) if not told else None
            try:
                async with client:
                    await self._listen(client)
            except discord.LoginFailure:
                raise Misconfigured(
                    "Discord does not accept discord_token; copy it anew from the page of your application (Bot, Reset Token)."
                ) from None
            except discord.PrivilegedIntentsRequired:
                raise Misconfigured(
                    "Discord does not let this application read messages: switch on its Message Content Intent "
                    "(page of your application, Bot), or set discord_message_content to false."
                ) from None
            except Spent as error:
                log.error("%s", error)
                self._trouble(str(error))
                pause = min(error.seconds, 24 * 3600.0)
                self._spent_until = time.monotonic() + pause + LONGEST
            except Exception as error:  # the outermost surface: whatever broke the line, it is opened anew
                log.exception("The line to Discord broke")
                if not told and pause == FIRST:
                    name = type(error).__name__
                    self._trouble(
                        f"Discord cannot be reached yet ({name}); trying again. Is {self._line.base_url} right?"
                    )
            finally:
                if telling is not None:
                    told = telling.done() and not telling.cancelled()
                    telling.cancel()
                    await asyncio.gather(telling, return_exceptions=True)
            if time.monotonic() - began > 10 * LONGEST:
                pause = FIRST
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST)

    async def _listen(self, client: Client) -> None:
        await client.login(self._line.token)
        await client.check_limits()
        await client.connect()

    async def _tell(self, client: Client, say: Callable[[discord.Client], None]) -> None:
        await client.wait_until_ready()
        say(client)
