"""Gate: one turn at a time per thread, threads side by side, and an answer or a reason for everyone.

Knows nothing of what a turn is made of, nor of any platform.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.events import Fail, Inbound, Reply, Stage
from bot.logs import ref
from memory import Scope

Respond = Callable[[Inbound, Stage, asyncio.Event], Awaitable[Reply]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lane:
    """A thread's queue: asyncio's lock is first come, first served. ``halt`` belongs to the running turn."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    halt: asyncio.Event | None = None
    waiting: int = 0


class Gate:
    """Lets inbound events through to ``respond``, which gets an event that is set when it must stop.

    ``parallel`` bounds the turns at work in all threads together, ``depth`` those that wait in one.
    """

    def __init__(self, respond: Respond, *, parallel: int = 4, depth: int = 8) -> None:
        self._respond = respond
        self._slots = asyncio.Semaphore(parallel)
        self._depth = depth
        self._lanes: dict[Scope, _Lane] = {}

    async def admit(self, inbound: Inbound, stage: Stage) -> Reply:
        """Play the answer to ``inbound`` onto ``stage``. Always finishes the stage, never raises but for cancellation."""
        if inbound.kind == "stop":
            return await self._stop(inbound, stage)
        lane = self._lanes.setdefault(inbound.scope, _Lane())
        if lane.waiting >= self._depth:
            await stage.show(Fail(f"{self._depth} messages already wait in this thread: please send it again in a moment."))
            return await _finished(stage, Reply("failed", reason="The queue is full."))
        lane.waiting += 1
        try:
            async with lane.lock, self._slots:
                lane.halt = asyncio.Event()
                return await self._guarded(inbound, stage, lane.halt)
        finally:
            lane.halt = None
            lane.waiting -= 1
            if not lane.waiting:
                self._lanes.pop(inbound.scope, None)

    async def _stop(self, inbound: Inbound, stage: Stage) -> Reply:
        lane = self._lanes.get(inbound.scope)
        running = lane is not None and lane.halt is not None
        if lane is not None and lane.halt is not None:
            lane.halt.set()
        return await _finished(stage, Reply("complete", reason="" if running else "Nothing is being written here."))

    async def _guarded(self, inbound: Inbound, stage: Stage, halt: asyncio.Event) -> Reply:
        try:
            return await self._respond(inbound, stage, halt)
        except Exception:  # the outermost surface: a person who asked gets a reason, the log gets the details
            mark = ref()
            log.exception("%s %s failed, ref %s", inbound.kind, inbound.event_id, mark)
            await stage.show(Fail("Something went wrong here, and nothing you wrote is lost: please try again.", mark))
            return await _finished(stage, Reply("failed", reason="internal error"))


async def _finished(stage: Stage, reply: Reply) -> Reply:
    await stage.finish(reply)
    return reply
