"""Answers: does a question whose answer is only in the bible come back right, with its citation?

Goes through the product: the example show is learned, every question is a turn of a thread of its own.
A page is right when it holds an accepted answer, cited when one of its citations is the entry that has
it. A question canon cannot answer must be met with saying so. What was said in a talk two turns before must come
back, too, and not as canon. No judge.
"""

import asyncio
import json
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import Found, arguments, found, give
from bench.room import BUNDLED, QUESTIONS, TOLD, example, open_room, settings
from bot.app import Conversing
from bot.events import Cite, Final, Inbound, Out, Reply, Sent, Text
from bot.rooms import fresh
from bot.shows import ROOM
from memory import Scope

BETWEEN = "Who is Petra?"
SAYS_NOT = ("canon does not say", "does not say", "not in canon", "nothing in canon")


@dataclass(slots=True)
class Answer:
    """A stage that keeps the page and the titles it cites."""

    text: str = ""
    cites: list[str] = field(default_factory=list)

    async def show(self, out: Out) -> None:
        match out:
            case Text(delta):
                self.text += delta
            case Final(text):
                self.text = text
            case Cite(title=title):
                self.cites.append(title)

    async def finish(self, reply: Reply) -> Sent:
        return Sent((), self.text, reply.status == "complete")


async def ask(room: Conversing, scope: Scope, text: str) -> Answer:
    """One turn; the same question in the same thread is the same event."""
    answer = Answer()
    await room.respond(Inbound("message", f"{scope.thread} {text}", scope, "Ana", text), answer)
    return answer


async def measure(args: Namespace) -> dict[str, float]:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    talks = [json.loads(line) for line in TOLD.read_text(encoding="utf-8").splitlines()]
    titles = _titles()
    right, cited, honest, recalled = [], [], [], []
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, room, _, _ = await open_room(stack, settings(home, args.writer, cache=args.cache))
        for row in rows:
            scope = fresh(ROOM)
            if row.get("before"):
                await ask(room, scope, row["before"])
            answer = await ask(room, scope, row["question"])
            if args.pages:
                print(f"\n? {row['question']}\n= {row['answer']} ({row.get('entry')})\n{answer.text}\n{answer.cites}")
            if row["answer"] is None:
                honest.append(any(words in answer.text.casefold() for words in SAYS_NOT))
            else:
                right.append(_holds(answer.text, row))
                cited.append(right[-1] and any(_is(titles[row["entry"]], one) for one in answer.cites))
        for row in talks:
            scope = fresh(ROOM)
            for text in (row["said"], BETWEEN, row["question"]):
                answer = await ask(room, scope, text)
            if args.pages:
                print(f"\n? {row['question']}\n= {row['answer']} ({row['said']})\n{answer.text}\n{answer.cites}")
            recalled.append(_holds(answer.text, row) and not answer.cites)
    return {
        "questions": len(right),
        "right": sum(right) / len(right),
        "right_and_cited": sum(cited) / len(right),
        "unanswerable": len(honest),
        "honest": sum(honest) / len(honest),
        "said_in_the_talk": len(recalled),
        "recalled": sum(recalled) / len(recalled),
    }


def _holds(page: str, row: Mapping[str, Any]) -> bool:
    said = " ".join(page.casefold().split())
    return any(accepted.casefold() in said for accepted in (row["answer"], *row.get("answers", ())))


def _is(title: str, cited: str) -> bool:
    """Whether that is cited, perhaps with when in the story it holds: *Span Day (from episode 8)*."""
    return cited == title or cited.startswith((f"{title} (from ", f"{title} (until "))


def _titles() -> dict[str, str]:
    """The name of each bible entry, by its file's stem."""
    names = {}
    for path in (example() / "bible").glob("*.md"):
        lines = path.read_text(encoding="utf-8").splitlines()
        name = next(line for line in lines if line.startswith("name:"))
        names[path.stem] = name.removeprefix("name:").strip().strip("\"'")
    return names


def run(args: Namespace) -> Found:
    return found("answers", f"the example show, {args.writer}", asyncio.run(measure(args)))


def main(argv: Sequence[str]) -> int:
    parser = arguments("answers", __doc__)
    parser.add_argument("--writer", default=BUNDLED)
    parser.add_argument("--cache", default="", help="where prepared models are kept; the user's cache if not given")
    parser.add_argument("--pages", action="store_true", help="print the pages too")
    args = parser.parse_args(argv)
    return give(run(args), args)
