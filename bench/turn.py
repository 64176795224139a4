"""What a turn costs as its thread grows, beside the same model driven the ordinary way.

Turns go through the gate, with the example show learned. ``ttft`` is the first text a person sees,
``model_ttft`` the first that the model wrote. A thread is brought to its length through the ledger; then two
turns warm up and ``--repeats`` are measured. ``overhead`` is a turn's time outside the model.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from bench.measure import Found, Lag, arguments, found, give, peer_module, share
from bench.room import BUNDLED, Call, Paper, Watched, asked, message, open_room, settings
from bot.app import App, Conversing
from bot.rooms import fresh
from bot.shows import ROOM
from chains import recap
from memory import Scope, Show, TakeStatus

WARM = 2  # turns before the measured ones: what a running conversation has in the prefix cache
ANSWER = "Odile keeps it in the flour tin, and nobody who has asked twice was told the same thing twice."


@dataclass(frozen=True, slots=True)
class Turn:
    """One measured turn; times in milliseconds. ``after`` is from the last word of the model to the end, ``cpu``
    this process's own (the models have processes of their own)."""

    first: float
    model_first: float
    total: float
    before: float
    after: float
    overhead: float
    cpu: float
    prompt: int
    reused: int
    generated: int
    passages: int


@dataclass(slots=True)
class Course:
    """A thread that is being brought to its lengths: the product, where it is, and which of the
    questions it begins with: the same question asked again would find its whole prompt in the cache."""

    app: App
    room: Conversing
    watched: Watched
    show: Show
    scope: Scope
    depth: int = 0
    shift: int = 0
    pause: float = 0.0

    async def grow(self, depth: int) -> None:
        """Bring the thread to ``depth`` turns as if they had been said, recap and index included."""
        app = self.app
        if self.depth == 0 < depth:
            await app.ledger.threads.open(self.scope, self.show.id)
        while self.depth < depth:
            self.depth += 1
            begun = await app.ledger.turns.begin(
                self.scope, "Ana", question(self.depth + self.shift), "chat", self._event()
            )
            await app.ledger.turns.finish(self.scope, begun.take.id, ANSWER, TakeStatus.COMPLETE)
            await self._recap()
        await app.librarian.settle()
        await app.index.settled()

    async def turn(self) -> Turn:
        """One turn through the gate, said when the page before it was read and the index is level with the ledger."""
        await asyncio.sleep(self.pause)
        await self.app.librarian.settle()
        self.depth += 1
        inbound, paper = message(self.scope, self._event(), question(self.depth + self.shift)), Paper()
        self.watched.calls.clear()
        cpu, began = time.process_time(), time.perf_counter()
        reply = await self.room.respond(inbound, paper)
        ended, cpu = time.perf_counter(), (time.process_time() - cpu) * 1000
        kept = await self.app.ledger.turns.get(self.scope, reply.turn)
        passages = len(kept.take.receipts["passages"]) if kept and kept.take else 0
        return _turn(began, paper, self.watched.calls, ended, cpu, passages)

    def _event(self) -> str:
        return f"{self.scope.thread}-{self.depth}"

    async def _recap(self) -> None:
        threads, window = self.app.ledger.threads, self.app.settings.window
        while due := await threads.recap_due(self.scope, window):
            told = recap(due.recap, due.turns, (await self.app.lore(self.show)).names)
            if told is None:
                return
            await threads.keep_recap(self.scope, due, told.text)


def question(depth: int) -> str:
    """What is asked at a depth: an idea on one of the example's questions in turn, the same at each run.
    An idea, because a plain question is canon's to answer and the model would write nothing."""
    every = asked()
    return f"Pitch an idea around this: {every[(depth - 1) % len(every)]}"


def _turn(began: float, paper: Paper, calls: Sequence[Call], ended: float, cpu: float, passages: int) -> Turn:
    if not calls:
        raise SystemExit("A turn was answered without the model: choose another writer.")
    first, last = calls[0], calls[-1]
    written = next((at for at in paper.shown if at >= first.first), ended)
    return Turn(
        first=(paper.shown[0] - began) * 1000,
        model_first=(written - began) * 1000,
        total=(ended - began) * 1000,
        before=(first.began - began) * 1000,
        after=(ended - last.ended) * 1000,
        overhead=(ended - began - sum(call.ended - call.began for call in calls)) * 1000,
        cpu=cpu,
        prompt=first.usage.prompt,
        reused=first.usage.reused,
        generated=sum(call.usage.generated for call in calls),
        passages=passages,
    )


async def ours(args: argparse.Namespace, *, skeleton: bool) -> dict[int | str, list[Turn] | list[float]]:
    """The measured turns by depth, and under ``lag`` and ``idle`` the loop's lateness in milliseconds."""
    rows: dict[int | str, list[Turn] | list[float]] = {}
    late: list[float] = []
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        chosen = settings(home, args.writer, cache=args.cache, writer_small="auto" if skeleton else False)
        app, room, watched, show = await open_room(stack, chosen)
        async with Lag() as idle:
            await asyncio.sleep(1)
        rows["idle"] = idle.late
        rows["cold"] = [await Course(app, room, watched, show, fresh(ROOM)).turn()]
        course = Course(app, room, watched, show, fresh(ROOM), pause=args.pause)
        for depth in sorted(args.turns):
            rows[depth] = []
            if depth > 1:
                await course.grow(depth - 1 - WARM)
                while course.depth < depth - 1:
                    await course.turn()
            for n in range(args.repeats):
                here = (
                    course
                    if depth > 1
                    else Course(app, room, watched, show, fresh(ROOM), shift=n + 1, pause=args.pause)
                )
                async with Lag() as lag:
                    rows[depth].append(await here.turn())  # type: ignore[arg-type]
                late += lag.late
        rows["lag"] = late
    return rows


def figures(rows: Mapping[int | str, list[Turn]], depths: Sequence[int]) -> dict[str, float]:
    """Medians by depth, overheads over all turns, and how much a turn's cost grows."""
    out: dict[str, float] = {}
    for depth in depths:
        turns = rows[depth]
        out |= {
            f"ttft_ms_turn_{depth}": median(t.first for t in turns),
            f"model_ttft_ms_turn_{depth}": median(t.model_first for t in turns),
            f"total_ms_turn_{depth}": median(t.total for t in turns),
            f"prompt_tokens_turn_{depth}": median(t.prompt for t in turns),
            f"reused_share_turn_{depth}": sum(t.reused for t in turns) / max(1, sum(t.prompt for t in turns)),
            f"generated_turn_{depth}": median(t.generated for t in turns),
            f"overhead_ms_turn_{depth}": median(t.overhead for t in turns),
        }
    every = [turn for depth in depths for turn in rows[depth]]
    return (
        out
        | growth(out, depths)
        | {
            "overhead_p50_ms": median(t.overhead for t in every),
            "overhead_p95_ms": share([t.overhead for t in every], 95),
            "own_cpu_p50_ms": median(t.cpu for t in every),
            "before_model_p50_ms": median(t.before for t in every),
            "after_model_p50_ms": median(t.after for t in every),
        }
    )


def growth(out: Mapping[str, float], depths: Sequence[int]) -> dict[str, float]:
    """Each depth's time to first token over turn 1's."""
    return {
        f"{name}_turn_{depth}_over_1": out[f"{name}_ms_turn_{depth}"] / out[f"{name}_ms_turn_1"]
        for name in ("ttft", "model_ttft")
        for depth in depths
        if depth > 1 and f"{name}_ms_turn_1" in out
    }


async def measure(args: argparse.Namespace, *, skeleton: bool) -> tuple[dict[str, float], int, int]:
    """Our figures, and for the peer how many tokens were written and passages read."""
    rows = await ours(args, skeleton=skeleton)
    late, idle, (cold,) = rows.pop("lag"), rows.pop("idle"), rows.pop("cold")
    out = figures(rows, args.turns)  # type: ignore[arg-type]
    out |= {"ttft_ms_cold": cold.first, "model_ttft_ms_cold": cold.model_first}  # type: ignore[union-attr]
    out |= {"loop_lag_p99_ms": share(late, 99), "loop_lag_idle_p99_ms": share(idle, 99)}  # type: ignore[arg-type]
    every = [turn for depth in args.turns for turn in rows[depth]]
    return out, round(median(t.generated for t in every)), round(mean(t.passages for t in every))  # type: ignore[union-attr]


def run(args: argparse.Namespace) -> Found:
    if not args.no_peers:
        peer_module("accelerate")  # with which transformers reads the bundled model: better told now than in a while
    ordinary = None if args.no_peers else peer_module("bench.ordinary")
    mine, tokens, passages = asyncio.run(measure(args, skeleton=True))
    peers: dict[str, Mapping[str, float]] = {}
    if ordinary is not None:
        peers["ours, no skeleton"], tokens, passages = asyncio.run(measure(args, skeleton=False))
        course = ordinary.Course(args.writer, args.cache, ANSWER, question, max(1, tokens), max(1, passages))
        theirs = course.measure(args.turns, args.repeats)
        peers["LangChain"] = theirs | growth(theirs, args.turns)
    return found("turn", f"example show, chat, {args.writer}, median of {args.repeats}", mine, peers)


def main(argv: list[str]) -> int:
    parser = arguments("turn", __doc__)
    parser.add_argument("--turns", type=int, nargs="+", default=[1, 10, 50, 200], help="depths of the thread")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds in which a person reads the page before")
    parser.add_argument("--repeats", type=int, default=8, help="turns measured at each depth")
    parser.add_argument("--writer", default=BUNDLED)
    parser.add_argument("--cache", default="", help="where prepared models are kept; the user's cache if not given")
    args = parser.parse_args(argv)
    args.turns = sorted(set(args.turns))
    return give(run(args), args)
