"""Attempt: one item answered, or after the last attempt a reason. Knows nothing of queues."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from bot.events import Fail, Inbound, Reply, Stage, Text
from bot.gate.behind import quietly
from bot.gate.item import Item
from bot.gate.letters import changed, said_now
from bot.gate.rules import Rules
from bot.gate.slip import Watched
from bot.gate.telling import Inbox as Ends
from bot.gate.telling import Teller
from bot.logs import ref
from memory import Kept, LeaseLost, LetterState, Scope

log = logging.getLogger(__name__)

Respond = Callable[[Inbound, Stage, asyncio.Event], Awaitable[Reply]]
_ONCE = frozenset({"command", "action", "form"})
"""What changes something besides writing a page, so that it is not done again unasked."""


class Inbox(Ends, Protocol):
    async def take(self, scope: Scope, numbers: Sequence[int]) -> tuple[Kept, ...]: ...


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
        """Tries as often as the rules say. Raises LeaseLost, and cancellation."""
        for attempt in range(1, self._rules.attempts + 1):
            stage: Watched | None = None
            try:
                if not await self._taken(item):
                    return Reply("stopped")
                stage = Watched(self._teller.stage(item))
                return await self._turn(item, stage)
            except LeaseLost:
                await self._hand_over(item)
                raise
            except Exception:  # the outermost surface: a person who asked gets a reason, the log gets the details
                mark = ref()
                log.exception("%s %s failed, ref %s", item.inbound.kind, item.inbound.event_id, mark)
                hopeless = max(item.head.attempts, attempt) >= self._rules.attempts
                if hopeless or item.inbound.kind != "message" or (stage and stage.shown):
                    await quietly(self._give_up(item, stage or self._teller.stage(item), mark))
                    return Reply("failed", reason="internal error")
                await asyncio.sleep(self._rules.pause * attempt)
        raise AssertionError("the last attempt ends it")

    async def _taken(self, item: Item) -> bool:
        """Whether the item is still to be answered. From here on it is as it was kept last."""
        scope = item.inbound.scope
        if not item.number:
            return True
        kept = await self._inbox.take(scope, [one.number for one in item.kept])
        said = said_now(kept) if kept else None
        if said is None:
            await self._inbox.end(scope, item.number, LetterState.WITHDRAWN, "Taken back.")
            return False
        if changed(item.kept, kept):
            item.inbound = said
        item.kept = list(kept)
        return True

    async def _hand_over(self, item: Item) -> None:
        """Who holds a stage of their own must not wait for an answer that another program gives."""
        if item.stage is not None:
            await item.stage.show(Fail("Another program goes on with this conversation; look for the answer there."))
            await item.stage.finish(Reply("failed", reason="another program goes on"))

    async def _turn(self, item: Item, stage: Watched) -> Reply:
        inbound = item.inbound
        if item.stage is None:
            inbound = await self._surfaces[inbound.scope.platform].prepare(inbound)
        if item.head.attempts > 1 and inbound.kind in _ONCE:
            what = f"`/{inbound.name}`" if inbound.name else "that"
            say = f"I was restarted in the middle of {what}. See whether it was done, and give it again if not."
            await stage.show(Text(say))
            reply = await finished(stage, Reply("complete"))
        else:
            reply = await self._respond_in_time(inbound, stage, item.halt)
        await self._inbox.end(inbound.scope, item.number, LetterState.DONE, reply.reason, turn=reply.turn)
        return reply

    async def _respond_in_time(self, inbound: Inbound, stage: Watched, halt: asyncio.Event) -> Reply:
        def too_late() -> None:
            if not halt.is_set():
                stage.why = f"it took longer than {_long(self._rules.deadline)}"
                halt.set()

        timer = asyncio.get_running_loop().call_later(self._rules.deadline, too_late)
        try:
            return stage.explained(await self._respond(inbound, stage, halt))
        finally:
            timer.cancel()

    async def _give_up(self, item: Item, stage: Stage, mark: str) -> None:
        await stage.show(Fail("Something went wrong here, and nothing you wrote is lost: please try again.", mark))
        await stage.finish(Reply("failed", reason="internal error"))
        await self._inbox.end(item.inbound.scope, item.number, LetterState.DEAD, f"ref {mark}")


async def finished(stage: Stage, reply: Reply) -> Reply:
    await stage.finish(reply)
    return reply


def _long(seconds: float) -> str:
    count, unit = (seconds, "second") if seconds < 60 else (seconds / 60, "minute")
    return f"{count:g} {unit}{'' if count == 1 else 's'}"
