"""Stage: one answer played on a terminal screen: a page that grows, steps while it is worked on,
and what stands under it. Knows nothing of input or of the dialogue.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.text import Text

from bot.events import Attach, Cite, Fail, Fill, Final, Note, Offer, Out, Reply, Sent, Step
from bot.events import Text as Delta
from bot.render.markdown import wrap_text
from bot.render.pace import Pace
from bot.render.safe import clean, line
from bot.render.stream import Stream
from bot.surfaces import page
from bot.surfaces.files import save

INTERVAL = 0.06
"""Seconds between two shows of a growing page: fluent to the eye, little work."""
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Paper(Protocol):
    """Where lines go: ``print`` for good, ``paint`` draws the live ones anew."""

    @property
    def width(self) -> int: ...

    def print(self, lines: Sequence[Text]) -> None: ...

    def paint(self) -> None: ...


class PageStage:
    """A Stage for one reply to the event ``event_id``. After ``finish``, nothing more is shown."""

    def __init__(self, paper: Paper, folder: Path, event_id: str) -> None:
        self._paper = paper
        self._folder = folder
        self._event = event_id
        self._stream = Stream()
        self._pace = Pace(self._show_text, INTERVAL)
        self._steps: dict[str, Step] = {}
        self._live: list[Text] = []
        self._final = ""
        self._cites: list[Cite] = []
        self._under: list[Text] = []
        self._failed = False
        self._sent: Sent | None = None
        self.offers: list[Offer] = []
        self.fill = ""

    async def show(self, out: Out) -> None:
        if self._sent is not None:
            return
        match out:
            case Delta(delta):
                self._stream.feed(delta)
                self._pace.touch()
            case Final(text):
                self._final = text
            case Step():
                self._step(out)
            case Cite():
                self._cites.append(out)
            case Note():
                self._under += page.note(out)
            case Offer():
                self.offers.append(out)
            case Fill(text):
                self.fill = clean(text)
            case Fail():
                self._failed = True
                self._under += page.fail(out)
            case Attach():
                self._attach(out)

    async def finish(self, reply: Reply) -> Sent:
        """Ends the page. A second time it only says again what was shown."""
        if self._sent is not None:
            return self._sent
        await self._pace.close()
        ending = self._stream.end(self._paper.width, self._final)
        lines = list(ending.lines)
        text = self._stream.text
        under = self._wrapped([*page.ending(reply, self._failed), *page.cites(self._cites, ending.quotes)])
        under += self._wrapped(self._under) + self._wrapped(page.offers(self.offers))
        if under:
            lines += [Text(), *under] if text.strip() else under
        self._live, self._steps = [], {}
        self._sent = Sent((self._event,), self._final or text, reply.status == "complete")
        self._paper.print([*lines, Text()] if lines else [])
        return self._sent

    def live(self, tick: int) -> list[Text]:
        """The lines that may still change; ``tick`` turns the spinner."""
        running = [step for step in self._steps.values() if step.state == "running"]
        return [*self._live, *(self._bar(step, tick) for step in running)]

    @property
    def quiet(self) -> bool:
        """Nothing is to be seen yet."""
        return not (self._live or self._steps or self._stream.text)

    async def _show_text(self) -> None:
        final, self._live = self._stream.paint(self._paper.width)
        if final:
            self._paper.print(final)
        else:
            self._paper.paint()

    def _step(self, step: Step) -> None:
        self._steps.pop(step.id, None)
        if step.state == "running":
            self._steps[step.id] = step
        elif step.state == "failed":
            self._under.append(Text(f"✗ {line(step.title)}", "red"))
        elif step.total > 0:
            self._tell(Text(f"✓ {line(step.title)}", "dim"))
        self._paper.paint()

    def _tell(self, row: Text) -> None:
        """At once where nothing was said yet; under the page where it is being written."""
        if self._stream.text:
            self._under.append(row)
        else:
            self._paper.print([row])

    def _bar(self, step: Step, tick: int) -> Text:
        row = Text(f"{SPINNER[tick % len(SPINNER)]} {line(step.title)}", "dim")
        if step.total > 0:
            part = min(max(step.done / step.total, 0.0), 1.0)
            size = max(8, min(30, self._paper.width - 20))
            full = round(part * size)
            row = Text.assemble((row.plain[:2], "dim"), ("━" * full, "green"), ("─" * (size - full), "dim"))
            row.append(f" {part:4.0%} ", "dim").append(line(step.title), "dim")
        row.truncate(max(self._paper.width - 1, 10), overflow="ellipsis")
        return row

    def _attach(self, out: Attach) -> None:
        try:
            path = save(out.file, self._folder)
        except OSError as problem:
            self._failed = True
            reason = problem.strerror or str(problem)
            self._under += page.fail(Fail(f"{out.file.name} could not be saved in {self._folder}: {reason}."))
        else:
            self._under.append(Text(f"saved {line(str(path))}"))

    def _wrapped(self, lines: Sequence[Text]) -> list[Text]:
        return [row for text in lines for row in wrap_text(text, self._paper.width)]
