"""The product as a bench drives it: opened in a new home, with a stage and a writer that keep times.

Everything goes through the composition root and the gate, as from a surface.
"""

import json
import time
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from bot.app import App, Conversing, begin_writer, open_app, open_conversing
from bot.config import Settings, load
from bot.events import Fail, Inbound, Out, Reply, Sent, Step, Text
from bot.shows import EXAMPLE, choose_show, example_folder
from chains.writer import Card, Usage, Writer, Written
from memory import Scope, Show

QUESTIONS = Path(__file__).parent.parent / "examples" / "forty-metres-short.questions.jsonl"
TOLD = QUESTIONS.with_name("forty-metres-short.said.jsonl")
BUNDLED = "local:smollm2-135m-instruct"


def settings(home: Path, writer: str, *, cache: str = "", **given: Any) -> Settings:
    """The settings a stranger has: nothing of the environment or of files, except where models are kept."""
    places = {"home": home, "writer": writer, **({"cache": cache} if cache else {}), **given}
    return load(environ={}, folder=home, user=home, **places).settings


def example() -> Path:
    folder = example_folder()
    if folder is None:
        raise SystemExit("The example show is not here: run this from the project's folder.")
    return folder


def asked() -> list[str]:
    """The questions that come with the example show."""
    return [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


async def silent(step: Step) -> None:
    return None


async def open_room(stack: AsyncExitStack, chosen: Settings) -> tuple[App, Conversing, "Watched", Show]:
    """The example show learned, the model loaded, the index level with the ledger."""
    watched = Watched(begin_writer(stack, chosen))
    app = await open_app(stack, chosen)
    show = await choose_show(app, EXAMPLE)
    await app.learning.learn(show, [example()], "bench", silent)
    room = await open_conversing(stack, app, cast(Writer, watched))
    await watched.ready()
    return app, room, watched, show


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the model: when it began, spoke first and ended, by ``time.perf_counter()``."""

    began: float
    first: float
    ended: float
    usage: Usage


class Watched:
    """A Writer that notes every call of its model. Counting tokens is no call of the model."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.calls: list[Call] = []

    @property
    def card(self) -> Card:
        return self._writer.card

    @property
    def doing(self) -> str:
        return self._writer.doing

    async def ready(self) -> None:
        await self._writer.ready()

    async def count(self, texts: Sequence[str]) -> list[int]:
        return await self._writer.count(texts)

    async def write(self, *args: Any, **given: Any) -> Written:
        began, first = time.perf_counter(), list[float]()
        show = given.pop("on_text", None)

        async def hear(text: str) -> None:
            first.append(time.perf_counter())
            if show is not None:
                await show(text)

        written = await self._writer.write(*args, on_text=hear, **given)
        self._note(began, first[:1], written.usage)
        return written

    async def takes(self, *args: Any, **given: Any) -> list[Written]:
        began = time.perf_counter()
        drawn = await self._writer.takes(*args, **given)
        self._note(began, [], replace(drawn[0].usage, generated=sum(one.usage.generated for one in drawn)))
        return drawn

    async def read(self, *args: Any, **given: Any) -> None:
        await self._writer.read(*args, **given)

    async def choose(self, *args: Any, **given: Any) -> list[float]:
        return await self._timed(self._writer.choose(*args, **given))

    async def _timed(self, call: Awaitable[list[float]]) -> list[float]:
        began = time.perf_counter()
        odds = await call
        self._note(began, [], Usage())
        return odds

    def _note(self, began: float, first: list[float], usage: Usage) -> None:
        ended = time.perf_counter()
        self.calls.append(Call(began, first[0] if first else ended, ended, usage))


class Paper:
    """A stage that keeps when something was shown, and fails loudly where the product failed."""

    def __init__(self) -> None:
        self.shown: list[float] = []
        self.text = ""

    async def show(self, out: Out) -> None:
        if isinstance(out, Fail):
            raise SystemExit(f"The product failed while it was measured: {out.say}")
        if isinstance(out, Text) and out.delta:
            self.shown.append(time.perf_counter())
            self.text += out.delta

    async def finish(self, reply: Reply) -> Sent:
        return Sent((), self.text, reply.status == "complete")


def message(scope: Scope, event: str, text: str) -> Inbound:
    return Inbound("message", event, scope, "Ana", text)
