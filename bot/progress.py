"""Progress: steps of work as bars on a terminal, as nothing where nobody watches.

Knows nothing of what is worked on.
"""

import sys
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bot.events import Step


class Bars:
    """One bar a step, on standard error. Use as a context manager."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    async def tell(self, step: Step) -> None:
        """Draw a step as it stands now."""
        self._draw(step.id, step.title, step.done, step.total)

    def counter(self, title: str) -> Callable[[int, int], Awaitable[None]]:
        """A bar for work that counts itself."""

        async def count(done: int, total: int) -> None:
            self._draw(title, title, done, total)

        return count

    def share(self, title: str, done: float) -> None:
        """A bar for work that tells its share, 0 to 1."""
        self._draw(title, title, int(done * 100), 100)

    def _draw(self, task: str, title: str, done: int, total: int) -> None:
        if task not in self._tasks:
            self._tasks[task] = self._bars.add_task(title)
        self._bars.update(self._tasks[task], description=title, completed=done, total=total or None)
