"""Call: a command as somebody gave it, and the few ways a handler answers.

Knows nothing of what any command does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.events import Inbound, Reply, Stage, Text
from memory import Scope


@dataclass(frozen=True, slots=True)
class Call:
    """``text`` is what followed the verb. ``halt`` is set when the person says stop."""

    inbound: Inbound
    stage: Stage
    halt: asyncio.Event

    @property
    def text(self) -> str:
        return self.inbound.text.strip()

    @property
    def scope(self) -> Scope:
        return self.inbound.scope

    @property
    def author(self) -> str:
        return self.inbound.author

    @property
    def person(self) -> str:
        """Who gave it, by the platform's id, or by name where there is none."""
        return self.inbound.who or self.inbound.author

    async def say(self, text: str, scope: Scope | None = None) -> Reply:
        """Answer with Markdown and end; ``scope`` moves the person to another thread."""
        await self.stage.show(Text(text))
        return await self.end(Reply("complete", scope=scope))

    async def end(self, reply: Reply) -> Reply:
        await self.stage.finish(reply)
        return reply


Handler = Callable[[Call], Awaitable[Reply]]


class Mistaken(Exception):
    """What the person asked cannot be done as asked; the message says what can."""
