"""Outage: while a server does not answer, nobody waits for it; it is tried again behind, after growing pauses.

Any thread may call. Knows nothing of what is asked of the server.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from vectorstore.errors import IndexFault, StoreAway

FIRST, LONGEST = 0.5, 15.0  # seconds between two tries


class Outage:
    """``knock`` asks the server for something small and raises StoreAway where it does not answer."""

    def __init__(self, knock: Callable[[], object], first: float = FIRST, longest: float = LONGEST) -> None:
        self._knock = knock
        self._pauses = (first, longest)
        self._lock = Lock()
        self._fault: StoreAway | None = None
        self._failed = 0  # since something was answered that a person waited for
        self._over = Event()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within, a person waits for the server. Raises at once what was raised before, as long as the outage lasts;
        a StoreAway that comes out of it begins one."""
        if (known := self._fault) is not None:
            raise StoreAway(str(known))
        try:
            yield
        except StoreAway as fault:
            self._begin(fault)
            raise
        self._failed = 0

    def end(self) -> None:
        """It has answered."""
        self._end(self._over)

    def _end(self, over: Event) -> None:
        """This outage; another one may have begun since."""
        with self._lock:
            if over is self._over:
                self._fault = None
            over.set()

    def _begin(self, fault: StoreAway) -> None:
        with self._lock:
            self._failed += 1
            if self._fault is None:
                self._fault, self._over = fault, Event()
                Thread(target=self._try_again, args=(self._over,), name="outage", daemon=True).start()

    def _try_again(self, over: Event) -> None:
        """Whatever it answers, it answers: what is wrong besides is told to who asks next."""
        while not over.wait(pause(self._failed, *self._pauses)):
            try:
                self._knock()
            except StoreAway as fault:
                self._go_on(fault, over)
                continue
            except IndexFault:
                pass
            self._end(over)

    def _go_on(self, fault: StoreAway, over: Event) -> None:
        with self._lock:
            self._failed += 1
            if not over.is_set():
                self._fault = fault


def pause(failed: int, first: float = FIRST, longest: float = LONGEST) -> float:
    """Seconds until the next try: twice as many after each that failed, and not the same for all who wait."""
    return min(longest, first * 2.0 ** min(failed - 1, 32)) * random.uniform(0.5, 1.0)
