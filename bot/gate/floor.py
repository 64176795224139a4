"""Floor: what waits and what is at work: one item at a time in a thread, quick messages joined.

Knows nothing of inboxes or of how an item is answered.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.events import Reply
from bot.gate.item import Item
from bot.gate.lanes import Lane, Lanes
from bot.gate.letters import joined, who
from bot.gate.rules import Rules
from memory import Scope

Work = Callable[[Item], Awaitable[Reply]]
Burst = Callable[[Item], float]


class Floor:
    """``work`` answers an item; ``burst`` is how many seconds to wait for more of the same thought."""

    def __init__(self, rules: Rules, work: Work, burst: Burst) -> None:
        self._rules = rules
        self._work = work
        self._burst = burst
        self._lanes: Lanes[Item] = Lanes(rules.parallel, rules.tenant)
        self._running: dict[Scope, Item] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._open = True

    def full(self, scope: Scope) -> str:
        """Why there is no room for one more; "" when there is."""
        here = len(self.waiting(scope))
        if here >= self._rules.depth:
            return f"{here} messages already wait in this thread"
        return "Too many people wait" if self._lanes.waiting >= self._rules.total else ""

    def add(self, item: Item) -> int:
        """How many are before it in its thread."""
        lane = self._lanes.lane(item.inbound.scope)
        ahead = len(lane.waiting) + lane.busy
        lane.waiting.append(item)
        lane.waiting.sort(key=lambda one: one.order)
        lane.ready = item.came + self._burst(item)
        self._pump()
        return ahead

    def running(self, scope: Scope) -> Item | None:
        return self._running.get(scope)

    def waiting(self, scope: Scope) -> list[Item]:
        lane = self._lanes.known(scope)
        return list(lane.waiting) if lane else []

    def drop(self, item: Item) -> None:
        lane = self._lanes.known(item.inbound.scope)
        if lane and item in lane.waiting:
            lane.waiting.remove(item)
            self._lanes.forget(lane)
        item.end(Reply("stopped"))

    async def close(self) -> None:
        """Stop what runs; what waits is let go of."""
        self._open = False
        tasks = [item.task for item in self._running.values() if item.task]
        for task in tasks:
            task.cancel()
        if self._timer:
            self._timer.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _pump(self) -> None:
        """Start what may start; come again when a burst is over."""
        loop = asyncio.get_running_loop()
        while self._open and (lane := self._lanes.next(loop.time())):
            item = self._next(lane)
            self._running[lane.scope] = item
            item.task = asyncio.create_task(self._run(lane, item))
        soonest = self._lanes.soonest()
        if self._timer:
            self._timer.cancel()
        self._timer = loop.call_at(soonest, self._pump) if self._open and soonest and soonest > loop.time() else None

    def _next(self, lane: Lane[Item]) -> Item:
        """The lane's first, with what the same person said right after it."""
        first = lane.waiting.pop(0)
        burst, last = self._burst(first), first
        while burst and lane.waiting:
            more = lane.waiting[0]
            same = more.inbound.kind == "message" and more.stage is None and who(more.inbound) == who(first.inbound)
            if not same or more.came - last.came > burst or first.head.attempts or more.head.attempts:
                break
            last = lane.waiting.pop(0)
            first.kept += last.kept
            first.inbound = joined([first.inbound, last.inbound])
        return first

    async def _run(self, lane: Lane[Item], item: Item) -> None:
        reply = Reply("failed", reason="stopped with the program")
        try:
            reply = await self._work(item)
        finally:
            item.end(reply)
            self._running.pop(lane.scope, None)
            self._lanes.free(lane)
            self._pump()
