"""Waiting: work that goes on beside other work, and what a person is shown of it when it takes long.

Knows nothing of what the work is.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from bot.events import Stage, Step

NOTICED = 0.2
"""Seconds after which somebody wonders."""

ASKED = 0.5
"""Seconds after which long work is asked anew how far it is."""

_T = TypeVar("_T")


@contextmanager
def meanwhile(work: Coroutine[Any, Any, _T]) -> "Iterator[asyncio.Task[_T]]":
    """Work that goes on beside what is in the block, and ends with it."""
    task = asyncio.create_task(work)
    task.add_done_callback(heard)
    try:
        yield task
    finally:
        task.cancel()


async def told(stage: Stage, step: Step, work: "asyncio.Task[_T]") -> _T:
    """What takes long enough to be wondered about is shown as a step."""
    done, _ = await asyncio.wait({work}, timeout=NOTICED)
    if not done:
        await telling(stage, step, work)
    return work.result()


async def telling(stage: Stage, step: Step, work: "asyncio.Future[Any]", doing: Callable[[], str] = lambda: "") -> None:
    """Show work as a step until it has ended, however it does, with what it says it is ``doing``."""
    await stage.show(step)
    said = ""
    while not work.done():
        await asyncio.wait({work}, timeout=ASKED)
        if not work.done() and (now := doing()) != said:
            said = now
            await stage.show(replace(step, title=f"{step.title} ({said})" if said else step.title))
    await stage.show(replace(step, state="failed" if work.exception() else "done"))


async def ended(work: "asyncio.Task[None]", halt: asyncio.Event) -> bool:
    """Whether work ended before somebody said stop. What goes wrong in it is raised."""
    stop = asyncio.create_task(halt.wait())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        if not work.done() and not halt.is_set():
            work.cancel()  # nobody waits any more
    if work.done():
        work.result()
    return work.done()


def heard(work: "asyncio.Future[Any]") -> None:
    """Who waits for the work is told how it ended; where nobody does, nobody need hear of it."""
    if not work.cancelled():
        work.exception()
