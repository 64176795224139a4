"""A desk: the REPL with a person's keys going in and a terminal emulator's screen coming out, and a
scripted dialogue that the tests pass in.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pyte
import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from bot.commands import Command
from bot.events import Inbound, Out, Reply, Sent, Stage, Text
from bot.surfaces.repl import Repl, Status
from bot.surfaces.terminal import Terminal
from memory import Scope

SCOPE = Scope("terminal", "local", "desk", "thread-1")
COMMANDS = (
    Command("help", "[COMMAND]", "What can be typed.", "command"),
    Command("format", "[NAME]", "What is being written.", "format"),
    Command("formats", "", "All formats."),
    Command("learn", "PATH", "Learn files.", "path"),
    Command("stop", "", "Stop the answer."),
    Command("quit", "", "Leave.", aliases=("exit",)),
)
NAMES = {"format": ("plot", "host"), "canon": ("Mara", "Old Harbour", "Orrin")}


class Script:
    """A dialogue that says ``page`` in pieces of ``size``, then plays ``after``. While ``open`` is
    clear it holds its breath after ``hold`` pieces. It obeys ``stop``."""

    def __init__(self, page: str = "Yes.", after: Sequence[Out] = (), size: int = 5, hold: int | None = None) -> None:
        self.page, self.after, self.size, self.hold = page, after, size, hold
        self.reply = Reply("complete", turn="1")
        self.open = asyncio.Event()
        self.stopped = asyncio.Event()
        self.started = asyncio.Event()
        self.heard: list[Inbound] = []
        self.sent: list[Sent] = []

    async def respond(self, said: Inbound, stage: Stage) -> Reply:
        self.heard.append(said)
        self.started.set()
        if said.kind == "stop":
            self.stopped.set()
            return Reply("complete")
        if said.name == "quit":
            return Reply("complete", leave=True)
        self.stopped.clear()
        pieces = [self.page[at : at + self.size] for at in range(0, len(self.page), self.size)]
        for number, piece in enumerate(pieces):
            if number == self.hold:
                await self._wait()
            if self.stopped.is_set():
                return await self._end(Reply("stopped"), stage)
            await stage.show(Text(piece))
            await asyncio.sleep(0.002)
        for out in self.after:
            await stage.show(out)
        return await self._end(self.reply, stage)

    async def _wait(self) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self.open, self.stopped)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _end(self, reply: Reply, stage: Stage) -> Reply:
        self.sent.append(await stage.finish(reply))
        return reply

    def texts(self, kind: str = "message") -> list[str]:
        return [said.text for said in self.heard if said.kind == kind]


class _Sink(io.StringIO):
    """Feeds the emulator, as a terminal would be fed."""

    def __init__(self, feed: Callable[[str], None]) -> None:
        super().__init__()
        self._feed = feed
        self.written = ""

    def write(self, text: str) -> int:
        self.written += text
        self._feed(text)
        return len(text)


class Desk:
    """What a person does and sees."""

    def __init__(self, respond: Callable[[Inbound, Stage], Awaitable[Reply]], keys: Any, **options: Any) -> None:
        self.columns, self.rows = options.pop("columns", 80), options.pop("rows", 24)
        self.screen = pyte.HistoryScreen(self.columns, self.rows, history=5000, ratio=0.5)
        self.sink = _Sink(pyte.Stream(self.screen).feed)
        self._keys = keys
        output = Vt100_Output(self.sink, lambda: Size(rows=self.rows, columns=self.columns), term="xterm-256color")
        settings: dict[str, Any] = {
            "commands": COMMANDS,
            "complete": lambda kind, prefix: NAMES.get(kind, ()),
            "scope": SCOPE,
            "author": "eva",
            "terminal": Terminal(interactive=True, color=True, reflows=False),
            "status": lambda: Status("Saltmarsh", "plot"),
        }
        self.repl = Repl(respond=respond, source=keys, sink=output, **(settings | options))

    def press(self, keys: str) -> None:
        self._keys.send_text(keys)

    def resize(self, columns: int) -> None:
        self.columns = columns
        self.screen.resize(columns=columns)

    def seen(self) -> list[str]:
        """All lines from the first in the scrollback on, without trailing spaces."""
        gone = ["".join(row[x].data for x in sorted(row)) for row in self.screen.history.top]
        rows = [row.rstrip() for row in [*gone, *self.screen.display]]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def text(self) -> str:
        return "\n".join(self.seen())

    async def until(self, *texts: str) -> None:
        """Waits until all of ``texts`` are to be seen."""
        await self.when(lambda: all(text in self.text() for text in texts), f"{texts}")

    async def when(self, true: Callable[[], bool], what: str = "it") -> None:
        for _ in range(600):
            if true():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"waited in vain for {what}; the screen:\n{self.text()}")


Sit = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def sit(tmp_path: Path) -> Sit:
    """``async with sit(respond, columns=40) as desk``: the REPL runs until the block ends."""

    @asynccontextmanager
    async def at(respond: Callable[[Inbound, Stage], Awaitable[Reply]], **options: Any) -> AsyncIterator[Desk]:
        with create_pipe_input() as keys:
            desk = Desk(respond, keys, **({"folder": tmp_path} | options))
            running = asyncio.create_task(desk.repl.run())
            try:
                await desk.until("›")
                yield desk
            finally:
                desk.repl.leave()
                async with asyncio.timeout(15):
                    assert await running == 0

    return at


@pytest.fixture
def script() -> type[Script]:
    return Script
