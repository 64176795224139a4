"""Lanes: who is answered next. One turn at a time in a thread, threads side by side, and rooms and
tenants in rotation, so that a noisy one does not starve a quiet one.

Knows nothing of what is answered or kept.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from memory import Scope

T = TypeVar("T")
Tenant = tuple[str, str]


@dataclass(slots=True)
class Lane(Generic[T]):
    """A thread: what waits in it, and whether something is at work. ``ready`` is the loop's time from
    which its first may start."""

    scope: Scope
    waiting: list[T] = field(default_factory=list)
    busy: bool = False
    ready: float = 0.0


class Lanes(Generic[T]):
    """``parallel`` bounds the busy lanes of all tenants together, ``tenant`` those of one. Of what is ``suspect`` one
    is at work at a time."""

    def __init__(self, parallel: int, tenant: int, suspect: Callable[[T], bool] = lambda _: False) -> None:
        self._parallel = parallel
        self._tenant = tenant
        self._suspect = suspect
        self._watched: Lane[T] | None = None
        self._tenants: dict[Tenant, dict[str, dict[Scope, Lane[T]]]] = {}
        self._busy: Counter[Tenant] = Counter()

    def lane(self, scope: Scope) -> Lane[T]:
        """The thread's lane, made if it is new."""
        rooms = self._tenants.setdefault(tenant(scope), {})
        return rooms.setdefault(scope.room, {}).setdefault(scope, Lane(scope))

    def known(self, scope: Scope) -> Lane[T] | None:
        return self._tenants.get(tenant(scope), {}).get(scope.room, {}).get(scope)

    @property
    def _every(self) -> Iterator[Lane[T]]:
        return (lane for rooms in self._tenants.values() for lanes in rooms.values() for lane in lanes.values())

    @property
    def waiting(self) -> Iterator[T]:
        """All that waits, in whatever lane."""
        return (one for lane in self._every for one in lane.waiting)

    def next(self, time: float) -> Lane[T] | None:
        """A lane that may start now, which is then busy. Its tenant goes to the end of the rotation, and so do the
        room among the tenant's and the lane in its room."""
        if self._busy.total() >= self._parallel:
            return None
        for whose, rooms in self._tenants.items():
            if self._busy[whose] >= self._tenant:
                continue
            for room, lanes in rooms.items():
                for scope, lane in lanes.items():
                    if self._may_start(lane, time):
                        lane.busy = True
                        self._watched = lane if self._suspect(lane.waiting[0]) else self._watched
                        self._busy[whose] += 1
                        lanes[scope] = lanes.pop(scope)
                        rooms[room] = rooms.pop(room)
                        self._tenants[whose] = self._tenants.pop(whose)
                        return lane
        return None

    def _may_start(self, lane: Lane[T], time: float) -> bool:
        if not lane.waiting or lane.busy or lane.ready > time:
            return False
        return self._watched is None or not self._suspect(lane.waiting[0])

    def free(self, lane: Lane[T]) -> None:
        """The lane's turn has ended."""
        lane.busy = False
        self._watched = None if lane is self._watched else self._watched
        whose = tenant(lane.scope)
        self._busy[whose] -= 1
        if not self._busy[whose]:
            del self._busy[whose]
        self.forget(lane)

    def forget(self, lane: Lane[T]) -> None:
        """Lets go of a lane in which nothing waits or works."""
        whose, room = tenant(lane.scope), lane.scope.room
        lanes = self._tenants.get(whose, {}).get(room)
        if not lane.busy and not lane.waiting and lanes is not None:
            lanes.pop(lane.scope, None)
            if not lanes:
                del self._tenants[whose][room]
            if not self._tenants[whose]:
                del self._tenants[whose]

    def soonest(self) -> float | None:
        """When the next lane that waits for its time may start."""
        return min((lane.ready for lane in self._every if lane.waiting and not lane.busy), default=None)


def tenant(scope: Scope) -> Tenant:
    return scope.platform, scope.tenant
