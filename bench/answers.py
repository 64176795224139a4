"""Answers: does a question whose answer is only in the bible come back right, with its citation?

Goes through the product: the example show is learned, every question is a turn of a thread of its own.
A page is right when it holds an accepted answer, cited when one of its citations is the entry that has
it. Questions canon cannot answer must be met with saying so. No judge.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bot.app import Conversing, begin_writer, open_app, open_conversing
from bot.config import load
from bot.events import Cite, Final, Inbound, Out, Reply, Sent, Step, Text
from bot.rooms import fresh
from bot.shows import EXAMPLE, ROOM, TENANT, example_folder
from memory import Scope

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "examples" / "forty-metres-short.questions.jsonl"
SAYS_NOT = ("canon does not say", "does not say", "not in canon", "nothing in canon")


class Paper:
    """A stage that keeps what is played on it."""

    def __init__(self) -> None:
        self.text = ""
        self.cites: list[str] = []
        self.first = 0.0

    async def show(self, out: Out) -> None:
        match out:
            case Text(delta):
                self.first = self.first or time.perf_counter()
                self.text += delta
            case Final(text):
                self.text = text
            case Cite(_, title):
                self.cites.append(title)

    async def finish(self, reply: Reply) -> Sent:
        return Sent((), self.text, reply.status == "complete")


async def ask(room: Conversing, scope: Scope, text: str) -> Paper:
    paper = Paper()
    event = f"{scope.thread}-{text}"
    await room.respond(Inbound("message", event, scope, "Ana", text), paper)
    return paper


async def measure(writer: str, formats: Path | None, most: int, verbose: bool) -> dict[str, float]:
    """Right, cited and honest shares over the example's questions."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    rows = rows[:: max(1, len(rows) // most)] if most else rows
    titles = _titles()
    counts = {"asked": 0, "right": 0, "cited": 0, "unanswerable": 0, "honest": 0}
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = load(home=home, writer=writer, formats=formats)
        engine = begin_writer(stack, config.settings)
        app = await open_app(stack, config.settings)
        show = await app.ledger.shows.ensure(TENANT, EXAMPLE)
        await app.ledger.shows.bind(ROOM, show.id)
        folder = example_folder()
        assert folder is not None
        await app.learning.learn(show, [folder], "bench", _silent)
        room = await open_conversing(stack, app, engine)
        for row in rows:
            scope = fresh(ROOM)
            if row.get("before"):
                await ask(room, scope, row["before"])
            paper = await ask(room, scope, row["question"])
            _count(counts, row, paper, titles)
            if verbose:
                print(f"\n? {row['question']}\n= {row.get('answer')} ({row.get('entry')})\n{paper.text}\n{paper.cites}")
    return {
        "questions": counts["asked"] + counts["unanswerable"],
        "right": counts["right"] / max(1, counts["asked"]),
        "right_and_cited": counts["cited"] / max(1, counts["asked"]),
        "honest": counts["honest"] / max(1, counts["unanswerable"]),
    }


async def _silent(step: Step) -> None:
    return None


def _titles() -> dict[str, str]:
    """The name of each bible entry, by its file's stem."""
    folder = example_folder()
    assert folder is not None
    found = {}
    for path in (folder / "bible").glob("*.md"):
        name = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("name:"))
        found[path.stem] = name.removeprefix("name:").strip().strip("\"'")
    return found


def _count(counts: dict[str, int], row: dict[str, Any], paper: Paper, titles: dict[str, str]) -> None:
    said = " ".join(paper.text.casefold().split())
    if row.get("answer") is None:
        counts["unanswerable"] += 1
        counts["honest"] += any(words in said for words in SAYS_NOT)
        return
    counts["asked"] += 1
    right = any(answer.casefold() in said for answer in (row["answer"], *row.get("answers", ())))
    counts["right"] += right
    counts["cited"] += right and titles[row["entry"]] in paper.cites


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench answers", description=__doc__)
    parser.add_argument("--writer", default="local:smollm2-135m-instruct")
    parser.add_argument("--formats", type=Path)
    parser.add_argument("--most", type=int, default=0, help="ask only about so many")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args(argv)
    print(json.dumps(asyncio.run(measure(given.writer, given.formats, given.most, given.verbose)), indent=1))
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
