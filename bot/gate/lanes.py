"""Lanes: who is answered next. One turn at a time in a thread, threads side by side, and rooms and
tenants in rotation, so that a noisy one does not starve a quiet one.

Knows nothing of what is answered or kept.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from memory import Scope

T = TypeVar("T")
Room = tuple[str, str, str]


@dataclass(slots=True)
class Lane(Generic[T]):
    """A thread: what waits in it, and whether something is at work. ``ready`` is the loop's time from
    which its first may start."""

    scope: Scope
    waiting: list[T] = field(default_factory=list)
    busy: bool = False
    ready: float = 0.0


class Lanes(Generic[T]):
    """``parallel`` bounds the busy lanes of all tenants together, ``tenant`` those of one."""

    def __init__(self, parallel: int, tenant: int) -> None:
        self._parallel = parallel
        self._tenant = tenant
        self._rooms: dict[Room, dict[Scope, Lane[T]]] = {}
        self._busy: Counter[tuple[str, str]] = Counter()

    def lane(self, scope: Scope) -> Lane[T]:
        """The thread's lane, made if it is new."""
        return self._rooms.setdefault(_room(scope), {}).setdefault(scope, Lane(scope))

    def known(self, scope: Scope) -> Lane[T] | None:
        return self._rooms.get(_room(scope), {}).get(scope)

    @property
    def waiting(self) -> Iterator[T]:
        """All that waits, in whatever lane."""
        return (one for lanes in self._rooms.values() for lane in lanes.values() for one in lane.waiting)

    def next(self, time: float) -> Lane[T] | None:
        """A lane that may start now, which is then busy. Its room goes to the end of the rotation, and so
        does the lane in its room."""
        if self._busy.total() >= self._parallel:
            return None
        for room, lanes in self._rooms.items():
            if self._busy[room[:2]] >= self._tenant:
                continue
            for scope, lane in lanes.items():
                if lane.waiting and not lane.busy and lane.ready <= time:
                    lane.busy = True
                    self._busy[room[:2]] += 1
                    lanes[scope] = lanes.pop(scope)
                    self._rooms[room] = self._rooms.pop(room)
                    return lane
        return None

    def free(self, lane: Lane[T]) -> None:
        """The lane's turn has ended."""
        lane.busy = False
        tenant = _room(lane.scope)[:2]
        self._busy[tenant] -= 1
        if not self._busy[tenant]:
            del self._busy[tenant]
        self.forget(lane)

    def forget(self, lane: Lane[T]) -> None:
        """Lets go of a lane in which nothing waits or works."""
        room = _room(lane.scope)
        if not lane.busy and not lane.waiting and room in self._rooms:
            self._rooms[room].pop(lane.scope, None)
            if not self._rooms[room]:
                del self._rooms[room]

    def soonest(self) -> float | None:
        """When the next lane that waits for its time may start."""
        times = [
            lane.ready for lanes in self._rooms.values() for lane in lanes.values() if lane.waiting and not lane.busy
        ]
        return min(times, default=None)


def _room(scope: Scope) -> Room:
    return scope.platform, scope.tenant, scope.room
