"""Floor: what waits and what is at work: one item at a time in a thread, quick messages joined.

Knows nothing of how an item is answered or told of.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from bot.events import Reply
from bot.gate.item import Item
from bot.gate.keeper import Keeper
from bot.gate.lanes import Lane, Lanes, tenant
from bot.gate.letters import joined, who
from bot.gate.rules import Rules
from memory import LeaseLost, LedgerError, Scope, fenced

log = logging.getLogger(__name__)

Work = Callable[[Sequence[Item]], Awaitable[Reply]]
"""Answers what it is given together: one item, or all that came too late in a thread."""

Open = Callable[[Scope], Awaitable[Sequence[Item] | None]]
"""What the inbox has of a thread that is not answered yet; None where that is nobody else's to answer."""

_GONE = Reply("stopped", reason="It was dealt with elsewhere.")


class Floor:
    """``burst`` is how many seconds to wait for more of the same thought."""

    def __init__(
        self, rules: Rules, work: Work, open_: Open, burst: Callable[[Item], float], keeper: Keeper | None
    ) -> None:
        self._rules = rules
        self._work = work
        self._open_items = open_
        self._burst = burst
        self._keeper = keeper
        self._lanes: Lanes[Item] = Lanes(rules.parallel, rules.tenant, self._on_its_last)
        self._running: dict[Scope, Item] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._open = True

    def full(self, scope: Scope) -> str:
        """Why there is no room for one more; "" when there is. Where others have taken all of it, a tenant of whom
        fewer wait than their share is still let in."""
        lane = self._lanes.known(scope)
        waiting = [one.happened for one in self.waiting(scope)]
        begins = lane is not None and lane.busy and scope not in self._running  # its first waits no more
        here = waiting[begins:].count(False)
        if here >= self._rules.depth:
            return f"{here} messages already wait in this thread"
        every = Counter(tenant(one.inbound.scope) for one in self._lanes.waiting if not one.happened)
        mine, tenants = every[tenant(scope)], len({*every, tenant(scope)})
        crowded = every.total() >= self._rules.total and mine >= self._rules.total // tenants
        return "Too many people wait" if crowded or every.total() >= 2 * self._rules.total else ""

    def _on_its_last(self, item: Item) -> bool:
        """Whether the program ended so often while it was at work that it is given up if that happens once more:
        then nothing else may be that can be blamed with it."""
        return item.head.attempts >= max(1, self._rules.attempts - 1)

    def add(self, item: Item) -> None:
        lane = self._lanes.lane(item.inbound.scope)
        if not self.knows(item):
            _insert(lane, item)
            lane.ready = item.came + self._burst(item)
            self._pump()

    def before(self, item: Item) -> int:
        """How many are before it in its thread; none when it waits no more. It may have been found in the
        inbox before it was brought here: then another item holds its number."""
        for at, one in enumerate(self.waiting(item.inbound.scope)):
            if one is item or (item.number and item.number in one.numbers):
                return at + (item.inbound.scope in self._running)
        return 0

    def knows(self, item: Item) -> bool:
        """Whether it waits or is at work here already."""
        here = self.waiting(item.inbound.scope)
        running = self._running.get(item.inbound.scope)
        return bool(item.number) and any(item.number in one.numbers for one in ([*here, running] if running else here))

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
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pump(self) -> None:
        """Start what may start; come again when a burst is over."""
        loop = asyncio.get_running_loop()
        while self._open and (lane := self._lanes.next(loop.time())):
            task = asyncio.create_task(self._serve(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        soonest = self._lanes.soonest()
        if self._timer:
            self._timer.cancel()
        self._timer = loop.call_at(soonest, self._pump) if self._open and soonest and soonest > loop.time() else None

    async def _serve(self, lane: Lane[Item]) -> None:
        """One turn in a thread, under its lease."""
        try:
            if self._keeper is None and lane.waiting:
                await self._run(lane, self._next(lane))
            elif self._keeper is not None:
                await self._serve_alone(lane, self._keeper)
        except LedgerError as error:
            log.error("The ledger did not let us work, so we try again: %s", error)
            lane.ready = asyncio.get_running_loop().time() + self._rules.pause
        finally:
            self._lanes.free(lane)
            self._pump()

    async def _serve_alone(self, lane: Lane[Item], keeper: Keeper) -> None:
        async with keeper.holding(lane.scope) as lease:
            if lease is None:
                lane.ready = asyncio.get_running_loop().time() + self._rules.lease / 20
                return
            asked = list(lane.waiting)  # what comes while the inbox is read may be missing in what it says
            if (found := await self._open_items(lane.scope)) is not None:
                self._agree(lane, asked, found)
            if lane.waiting:
                items = self._next(lane)
                with fenced(lease):
                    async with keeper.watching(lease, items[0]):
                        await self._run(lane, items)

    def _agree(self, lane: Lane[Item], asked: Sequence[Item], found: Sequence[Item]) -> None:
        """What another program kept for this thread is answered here too, each in its place; what it has
        answered meanwhile waits no more. ``asked`` is what waited before the inbox was read."""
        known = {one.number: one for one in found}
        for item in list(lane.waiting):
            fresh = known.get(item.number)
            if fresh is None and item.number and item in asked:
                lane.waiting.remove(item)
                item.end(_GONE)
            elif fresh is not None and fresh.head.attempts != item.head.attempts:
                item.kept, item.inbound = fresh.kept, fresh.inbound
        for item in found:
            if not self.knows(item):
                _insert(lane, item)

    def _next(self, lane: Lane[Item]) -> list[Item]:
        """The lane's first, with what the same person said right after it; or all that came too late."""
        first = lane.waiting.pop(0)
        if first.late:
            late = [one for one in lane.waiting if one.late]
            lane.waiting[:] = [one for one in lane.waiting if not one.late]
            return [first, *late]
        burst, last = self._burst(first), first
        while burst and lane.waiting:
            more = lane.waiting[0]
            same = more.inbound.kind == "message" and more.stage is None and who(more.inbound) == who(first.inbound)
            if not same or more.came - last.came > burst or first.head.attempts or more.head.attempts:
                break
            last = lane.waiting.pop(0)
            first.kept += last.kept
            first.inbound = joined([first.inbound, last.inbound])
        return [first]

    async def _run(self, lane: Lane[Item], items: Sequence[Item]) -> None:
        item, reply = items[0], Reply("failed", reason="stopped with the program")
        self._running[lane.scope] = item
        item.task = asyncio.current_task()
        try:
            reply = await self._work(items)
        except LeaseLost:
            reply = _GONE
        finally:
            for one in items:
                one.end(reply)
            self._running.pop(lane.scope, None)


def _insert(lane: Lane[Item], item: Item) -> None:
    lane.waiting.append(item)
    lane.waiting.sort(key=lambda one: one.order)
