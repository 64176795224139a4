"""Telling: the sentences for what is not answered, or not yet, and the stages they are told on.

Knows nothing of queues.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.events import Fail, Inbound, Note, Out, Reply, Stage
from bot.gate.item import Item
from bot.gate.slip import Notes, Slip
from memory import LetterState, Scope


class Inbox(Notes, Protocol):
    async def end(
        self,
        scope: Scope,
        head: int,
        state: LetterState,
        reason: str = "",
        *,
        turn: str = "",
        unbegun: bool = False,
    ) -> bool: ...


class Stages(Protocol):
    def stage(self, inbound: Inbound, slip: Slip) -> Stage: ...


class Teller:
    """``surfaces`` are the served ones, by platform."""

    def __init__(self, inbox: Inbox, surfaces: Mapping[str, Stages]) -> None:
        self._inbox = inbox
        self._surfaces = surfaces

    def stage(self, item: Item) -> Stage:
        """Where the item's answer is played, with what became of earlier attempts at it."""
        if item.stage is not None:
            return item.stage
        return self._stage(item.inbound, item.number, item.head.ids, item.head.sending)

    def aside(self, inbound: Inbound, number: int = 0) -> Stage:
        """For what is no answer: nothing is kept of it."""
        return self._stage(inbound, number, (), True)

    def _stage(self, inbound: Inbound, number: int, ids: tuple[str, ...], sending: bool) -> Stage:
        slip = Slip(self._inbox, inbound.scope, number, inbound.event_id, ids, sending)
        return self._surfaces[inbound.scope.platform].stage(inbound, slip)

    async def show(self, item: Item, out: Out) -> None:
        """Something about an item that waits."""
        await (item.stage or self.aside(item.inbound, item.number)).show(out)

    async def end(self, item: Item, out: Out, state: LetterState, *, unbegun: bool = False) -> Reply:
        """Ends an item that is not answered, with its reason. ``unbegun``: only if nobody took it meanwhile."""
        reason = out.say if isinstance(out, Fail) else ""
        reply = Reply("failed", reason=reason)
        if not await self._inbox.end(item.inbound.scope, item.number, state, reason, unbegun=unbegun) and unbegun:
            return reply
        stage = self.stage(item)
        try:
            await stage.show(out)
            await stage.finish(reply)
        finally:
            item.end(reply)
        return reply

    async def announce(self, items: Sequence[Item]) -> Reply:
        """One sentence for all that waited too long in a thread."""
        many = f"{len(items)} messages" if len(items) > 1 else "A message"
        say = f"I was away. {many} from before {'are' if len(items) > 1 else 'is'} not answered: "
        for item in items[:-1]:
            await self._inbox.end(item.inbound.scope, item.number, LetterState.STALE, "It came too late.")
            item.end(Reply("failed", reason="It came too late."))
        return await self.end(items[-1], Note(say + "please say again what still matters."), LetterState.STALE)
