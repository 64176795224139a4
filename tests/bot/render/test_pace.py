"""Many changes, few shows, and the last one always."""

import asyncio

import pytest

from bot.render.pace import Pace


class Wall:
    """Shows what stands in ``now`` and remembers it."""

    def __init__(self, takes: float = 0.0) -> None:
        self.now, self.takes, self.at_once, self.busy = 0, takes, 0, 0
        self.shown: list[int] = []

    async def show(self) -> None:
        self.busy += 1
        self.at_once = max(self.at_once, self.busy)
        self.shown.append(self.now)
        await asyncio.sleep(self.takes)
        self.busy -= 1


async def test_a_burst_is_shown_few_times_and_ends_with_the_last_state() -> None:
    wall = Wall()
    pace = Pace(wall.show, 0.05)
    for n in range(1, 51):
        wall.now = n
        pace.touch()
        await asyncio.sleep(0)
    await pace.close()
    assert wall.shown[-1] == 50
    assert len(wall.shown) <= 3


async def test_shows_never_overlap_and_a_change_during_a_show_is_shown_after_it() -> None:
    wall = Wall(takes=0.02)
    pace = Pace(wall.show, 0.0)
    for n in range(1, 20):
        wall.now = n
        pace.touch()
        await asyncio.sleep(0.003)
    await pace.close()
    assert wall.at_once == 1
    assert wall.shown[-1] == 19


async def test_closing_does_not_wait_for_the_interval() -> None:
    wall = Wall()
    pace = Pace(wall.show, 3600)
    pace.touch()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wall.now = 7
    pace.touch()
    async with asyncio.timeout(5):
        await pace.close()
    assert wall.shown[-1] == 7


async def test_a_failing_show_is_heard_of() -> None:
    async def show() -> None:
        raise ConnectionError("gone")

    pace = Pace(show, 0.0)
    pace.touch()
    with pytest.raises(ConnectionError, match="gone"):
        await pace.close()


async def test_nothing_can_be_shown_after_the_end() -> None:
    pace = Pace(Wall().show, 0.0)
    await pace.close()
    with pytest.raises(RuntimeError, match="closed"):
        pace.touch()
