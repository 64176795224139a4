"""Repl: the conversation in a terminal. The prompt always stands; an answer grows above it, and
what is typed meanwhile waits its turn.

Knows nothing of models, memory or the index: it gets ``respond`` and plays what comes.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from rich.text import Text

from bot.commands import Command
from bot.events import Fail, Inbound, Offer, Reply, Respond
from bot.logs import report
from bot.render.markdown import wrap_text
from bot.render.safe import clean, line
from bot.render.stream import Stream
from bot.surfaces.complete import Completions, Names
from bot.surfaces.screen import Screen
from bot.surfaces.stage import PageStage
from bot.surfaces.terminal import Terminal
from bot.surfaces.typed import PATIENCE, inbound, stop
from memory import Scope

log = logging.getLogger(__name__)

TICK = 0.12
"""Seconds between two turns of the spinner."""


@dataclass(frozen=True, slots=True)
class Status:
    """The toolbar. ``writer`` is what the writer is doing, "" when it is ready."""

    show: str = ""
    format: str = ""
    writer: str = ""


class Repl:
    """``scope`` is the thread the person is in; a Reply with a scope moves them. ``status`` is asked
    whenever the toolbar is drawn; ``refresh`` says that it changed. ``greeting`` is shown first.
    Attachments are saved in ``folder``. ``source`` and ``sink`` are for other terminals than this."""

    def __init__(
        self,
        *,
        respond: Respond,
        commands: Sequence[Command],
        complete: Names,
        scope: Scope,
        author: str,
        terminal: Terminal,
        status: Callable[[], Status] = Status,
        history: Path | None = None,
        greeting: Sequence[str] = (),
        folder: Path | None = None,
        source: Input | None = None,
        sink: Output | None = None,
    ) -> None:
        self.scope = scope
        self._respond = respond
        self._author = author
        self._status = status
        self._greeting = greeting
        self._folder = folder or Path.cwd()
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self._stage: PageStage | None = None
        self._answer: asyncio.Task[Reply] | None = None
        self._stops: set[asyncio.Task[None]] = set()
        self._offers: Sequence[Offer] = ()
        self._hint = ""
        self._tick = 0
        self._leaving = False
        self._quit = {name for command in commands if command.name == "quit" for name in ("quit", *command.aliases)}
        self._screen = Screen(
            terminal,
            history=_history(history),
            completer=Completions(commands, complete),
            on_line=self._entered,
            on_stop=self._interrupt,
            on_leave=self.leave,
            toolbar=self._toolbar,
            live=self._live,
            source=source,
            sink=sink,
        )

    async def run(self) -> int:
        """Talks until the person leaves. Returns the program's exit status."""
        worker = asyncio.create_task(self._work())
        ticker = asyncio.create_task(self._turn())
        try:
            if self._greeting:
                self.announce(self._greeting)
            await self._screen.run()
        finally:
            self._leaving = True
            ticker.cancel()
            await self._end_answer()
            for task in (worker, *self._stops):
                task.cancel()
            await asyncio.gather(worker, ticker, *self._stops, return_exceptions=True)
        return 0

    def refresh(self) -> None:
        """The toolbar's content changed."""
        self._screen.paint()

    def announce(self, rows: Sequence[str]) -> None:
        """Says something that nobody asked for, in Markdown, above the prompt."""
        words = Stream()
        words.feed("\n".join(rows))
        self._screen.print([*words.end(self._screen.width, "").lines, Text()])

    def _say(self, lines: Sequence[Text]) -> None:
        rows = [row for text in lines for row in wrap_text(text, self._screen.width)]
        if rows:
            self._screen.print(rows)

    # What the person does

    def _entered(self, text: str) -> None:
        self._hint = ""
        if not text.strip():
            return
        said = inbound(text, self.scope, self._author)
        if self._answer is not None and said.kind == "command" and said.name in {"stop", *self._quit}:
            self._stop() if said.name == "stop" else self.leave()
            return
        self._waiting.append(text)
        self._wake.set()

    def _interrupt(self) -> None:
        if self._answer is not None:
            self._hint = ""
            self._stop()
        elif self._screen.typed:
            self._screen.clear()
        elif self._hint:
            self.leave()
        else:
            self._hint = "Ctrl-C once more leaves, Ctrl-D too."
            self._screen.paint()

    def leave(self) -> None:
        """Ends ``run``; an answer in work is stopped first and kept as far as it was shown."""
        self._leaving = True
        self._screen.leave()

    def _stop(self) -> None:
        """Asks the dialogue to stop; asked twice, the answer is cut here. What waited goes back to
        the prompt: it was meant for an answer that will not come."""
        if self._answer is None:
            return
        if self._waiting:
            self._screen.put_back("\n".join(self._waiting))
            self._waiting.clear()
        if self._stops:
            self._answer.cancel()
            return
        task = asyncio.create_task(self._ask_to_stop())
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    async def _ask_to_stop(self) -> None:
        request = stop(self.scope, self._author)
        try:
            await self._respond(request, PageStage(_Nowhere(), self._folder, request.event_id))
        except Exception as problem:  # noqa: BLE001 - the outermost surface
            report(log, "A stop request failed.", problem)
            if self._answer is not None:
                self._answer.cancel()

    async def _end_answer(self) -> None:
        """Stops the answer in work, in patience, so that it is kept as far as it was shown."""
        answer = self._answer
        if answer is None:
            return
        self._stop()
        await asyncio.wait([answer], timeout=PATIENCE)
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)

    # What the bot does

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting and not self._leaving:
                await self._one(self._waiting.popleft())

    async def _one(self, text: str) -> None:
        said = inbound(text, self.scope, self._author, self._offers)
        echo = clean(text).strip().split("\n")
        rows = [Text.assemble(("› " if i == 0 else "  ", "bold"), (row, "bold")) for i, row in enumerate(echo)]
        if said.kind == "action":
            rows[0].append(f"  {line(self._offers[int(text) - 1].label)}", "dim")
        self._stage = stage = PageStage(self._screen, self._folder, said.event_id)
        self._answer = asyncio.create_task(self._play(said, stage))
        self._say(rows)
        try:
            reply = await self._answer
        finally:
            self._answer = self._stage = None
            self._screen.paint()
        self._offers = stage.offers
        if stage.fill and not self._screen.typed:
            self._screen.put_back(stage.fill)
        if reply.scope is not None:
            self.scope = reply.scope
        if reply.leave:
            self.leave()

    async def _play(self, said: Inbound, stage: PageStage) -> Reply:
        try:
            reply = await self._respond(said, stage)
        except asyncio.CancelledError:
            reply = Reply("stopped")
        except Exception as problem:  # noqa: BLE001 - the outermost surface: a person gets a reason, the log the details
            ref = report(log, "An answer failed.", problem)
            await stage.show(Fail("That went wrong on our side; please try again.", ref))
            reply = Reply("failed")
        await stage.finish(reply)
        return reply

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._answer is not None or self._status().writer:
                self._tick += 1
                self._screen.paint()

    def _live(self) -> Sequence[Text]:
        lines: list[Text] = []
        if self._stage is not None:
            lines += self._stage.live(self._tick)
            if self._stage.quiet:
                lines.append(Text("…", "dim"))
            lines.append(Text())
        for text in self._waiting:
            row = Text(f"next: {line(text)}", "dim")
            row.truncate(self._screen.width, overflow="ellipsis")
            lines.append(row)
        return lines

    def _toolbar(self) -> str:
        if self._hint:
            return self._hint
        status = self._status()
        parts = [part for part in (status.show, status.format, status.writer) if part]
        if self._answer is not None:
            parts.append("Ctrl-C stops")
        return line(" · ".join(parts))


class _Nowhere:
    """Paper for replies nobody waits for."""

    width = 80

    def print(self, lines: Sequence[Text]) -> None:
        pass

    def paint(self) -> None:
        pass


def _history(path: Path | None) -> History:
    """What was typed, in a file only its owner can read."""
    if path is None:
        return InMemoryHistory()
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    path.chmod(0o600)
    return FileHistory(str(path))
