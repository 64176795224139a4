"""Attempt: one item answered, or after the last attempt a reason. Knows nothing of queues."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from bot.events import Fail, Inbound, Reply, Stage, Text
from bot.gate.behind import quietly
from bot.gate.item import Item
from bot.gate.rules import Rules
from bot.gate.slip import Watched
from bot.gate.telling import Inbox as Ends
from bot.gate.telling import Teller
from bot.logs import ref
from memory import LetterState, Scope

log = logging.getLogger(__name__)

Respond = Callable[[Inbound, Stage, asyncio.Event], Awaitable[Reply]]
_ONCE = frozenset({"command", "action", "form"})
"""What changes something besides writing a page, so that it is not done again unasked."""


class Inbox(Ends, Protocol):
    async def take(self, scope: Scope, numbers: Sequence[int]) -> int: ...


class Surface(Protocol):
    async def prepare(self, inbound: Inbound) -> Inbound: ...


class Attempts:
    def __init__(
        self, respond: Respond, inbox: Inbox, rules: Rules, surfaces: Mapping[str, Surface], teller: Teller
    ) -> None:
        self._respond = respond
        self._inbox = inbox
        self._rules = rules
        self._surfaces = surfaces
        self._teller = teller

    async def answer(self, item: Item) -> Reply:
        scope = item.inbound.scope
        while True:
            tried = self._rules.attempts
            stage = Watched(self._teller.stage(item))
            try:
                tried = await self._inbox.take(scope, [kept.number for kept in item.kept])
                reply = await self._turn(item, stage)
                await self._inbox.end(scope, item.number, LetterState.DONE, reply.reason)
            except Exception:  # the outermost surface: a person who asked gets a reason, the log gets the details
                mark = ref()
                log.exception("%s %s failed, ref %s", item.inbound.kind, item.inbound.event_id, mark)
                if stage.shown or item.inbound.kind != "message" or tried >= self._rules.attempts:
                    await quietly(self._give_up(item, stage, mark))
                    return Reply("failed", reason="internal error")
                await asyncio.sleep(self._rules.pause * tried)
            else:
                return reply

    async def _turn(self, item: Item, stage: Stage) -> Reply:
        inbound = item.inbound
        if item.stage is None:
            inbound = await self._surfaces[inbound.scope.platform].prepare(inbound)
        if item.head.attempts and inbound.kind in _ONCE:
            what = f"`/{inbound.name}`" if inbound.name else "that"
            say = f"I was restarted in the middle of {what}. See whether it was done, and give it again if not."
            await stage.show(Text(say))
            return await finished(stage, Reply("complete"))
        timer = asyncio.get_running_loop().call_later(self._rules.deadline, item.halt.set)
        try:
            return await self._respond(inbound, stage, item.halt)
        finally:
            timer.cancel()

    async def _give_up(self, item: Item, stage: Stage, mark: str) -> None:
        await stage.show(Fail("Something went wrong here, and nothing you wrote is lost: please try again.", mark))
        await stage.finish(Reply("failed", reason="internal error"))
        await self._inbox.end(item.inbound.scope, item.number, LetterState.DEAD, f"ref {mark}")


async def finished(stage: Stage, reply: Reply) -> Reply:
    await stage.finish(reply)
    return reply
