"""An outage: who asks while it lasts is told at once, and it ends by itself."""

import time
from collections.abc import Callable
from threading import Event

import pytest

from vectorstore.errors import IndexFault, StoreAway
from vectorstore.outage import Outage, pause

QUICK = (0.001, 0.004)  # seconds


class Door:
    """What is knocked at. It answers when ``answers`` is set, with ``fault`` if there is one."""

    def __init__(self, fault: IndexFault | None = None) -> None:
        self.answers = Event()
        self.knocks = 0
        self.fault = fault

    def knock(self) -> None:
        self.knocks += 1
        if not self.answers.is_set():
            raise StoreAway("It is away still.")
        if self.fault is not None:
            raise self.fault


def fail(outage: Outage, fault: IndexFault | None = None) -> None:
    with pytest.raises(IndexFault), outage.waiting():
        raise fault or StoreAway("It is away.")


def lasts(outage: Outage) -> bool:
    try:
        with outage.waiting():
            return False
    except StoreAway:
        return True


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_after_a_failure_nothing_is_asked_and_the_same_is_told() -> None:
    outage = Outage(Door().knock, first=60.0, longest=60.0)
    fail(outage)
    for _ in range(3):
        with pytest.raises(StoreAway, match=r"^It is away\.$"), outage.waiting():
            pytest.fail("it was asked")
    outage.end()


def test_it_ends_by_itself_as_soon_as_the_server_answers_a_knock() -> None:
    door = Door()
    outage = Outage(door.knock, *QUICK)
    fail(outage)
    until(lambda: door.knocks > 3)
    assert lasts(outage)
    door.answers.set()
    until(lambda: not lasts(outage))
    knocks = door.knocks
    time.sleep(0.05)
    assert door.knocks == knocks


def test_a_server_that_answers_anything_is_not_away_any_more() -> None:
    door = Door(IndexFault("The key is refused."))
    door.answers.set()
    outage = Outage(door.knock, *QUICK)
    fail(outage)
    until(lambda: not lasts(outage))


def test_a_change_that_went_through_ends_it() -> None:
    door = Door()
    outage = Outage(door.knock, first=60.0, longest=60.0)
    fail(outage)
    outage.end()
    assert not lasts(outage)
    assert door.knocks == 0


def test_another_fault_begins_none() -> None:
    outage = Outage(Door().knock)
    fail(outage, IndexFault("The key is refused."))
    assert not lasts(outage)


def test_pauses_grow_up_to_a_bound_and_differ() -> None:
    for failed, most in ((1, 0.5), (2, 1.0), (3, 2.0), (6, 15.0), (100_000, 15.0)):
        drawn = {pause(failed) for _ in range(200)}
        assert most / 2 <= min(drawn) < max(drawn) <= most
        assert len(drawn) > 100
