"""Soak: the real program in a loopback Slack, killed again and again while a crowd talks to it.

``python -m bench soak [--platform slack|discord] [--threads 200] [--messages 2000] [--kills 3] [--storm] [--forgetful]
[--http] [--json FILE]``

Messages come twice, late, over a line that is cut; the program is ended with SIGKILL and started anew. ``--storm``: again
and again, at named points of its work. ``--forgetful`` is the control: a Discord that does not know what was sent already.
Printed: what was lost, answered twice or out of order (all must be 0), what was told and not answered, and how long
acknowledgements and new starts took. The writer is ``echo``: nothing here measures a model.
"""

import argparse
import asyncio
import importlib
import json
import os
import random
import re
import signal
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.storm import SLOW, Program, Storm, out_of_order
from memory import Scope
from memory.ledger import Ledger
from tests.loopback.slack.server import APP_TOKEN, SECRET, LoopbackSlack
from tests.loopback.slack.workspace import Workspace

_MARK = re.compile(r"\bq(\d+)x(\d+)\b")


@dataclass(frozen=True, slots=True)
class Plan:
    """``settle`` is how many seconds without a new answer end the run."""

    threads: int
    messages: int
    kills: int
    http: bool
    seed: int
    storm: bool = False
    forgetful: bool = False
    settle: float = 45.0


@dataclass(slots=True)
class Crowd:
    """Who said what: each thread's root, and how many messages were said in it."""

    roots: dict[int, str]
    said: dict[int, int]


def _program(plan: Plan, slack: LoopbackSlack, team: Workspace, home: Path, port: int) -> Program:
    line = {"DRAMATURG_SLACK_PORT": str(port)} if slack.http else {"DRAMATURG_SLACK_APP_TOKEN": APP_TOKEN}
    return Program(
        "slack",
        home,
        {
            "DRAMATURG_WRITER": SLOW if plan.storm else "echo",
            "DRAMATURG_SLACK_BASE_URL": slack.api_url,
            "DRAMATURG_SLACK_BOT_TOKEN": team.token,
            "DRAMATURG_SLACK_SIGNING_SECRET": SECRET,
            "DRAMATURG_SLACK_PING": "1",
            "DRAMATURG_SLACK_BURST": "0.2",
            "DRAMATURG_TURNS": "8",  # the crowd is one workspace's
            "DRAMATURG_TENANT_TURNS": "8",
            **line,
        },
    )


async def soak(plan: Plan) -> dict[str, object]:
    chance = random.Random(plan.seed)
    port = 40_000 + os.getpid() % 20_000
    http = f"http://127.0.0.1:{port}/slack/events" if plan.http else None
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        async with LoopbackSlack(http) as slack:
            slack.faults.repeat, slack.faults.late, slack.faults.chance = 0.2, 0.5, chance
            slack.faults.retries = (0.5, 2.0, 5.0, 10.0, 20.0, 30.0)
            team = slack.add_team("T1", **{f"U{n}": f"Writer {n}" for n in range(20)})
            for room in range(10):
                team.add_channel(f"C{room}", f"room-{room}", *team.people)
            await _bind(Path(folder), team)
            program, storm = _program(plan, slack, team, Path(folder), port), Storm(plan.kills, chance)
            await program.start()
            harassing = storm.blow(program) if plan.storm else _harass(plan, slack, program, chance)
            killing = asyncio.create_task(harassing)
            began = time.monotonic()
            crowd = await _talk(plan, slack, team, chance, storm if plan.storm else None)
            await killing
            await _settled(plan, slack, team, program)
            seconds = time.monotonic() - began
            await program.kill(signal.SIGTERM)
            found = _judge(crowd, slack, team, program)
            return {**found, **program.told(storm.points), "seconds": round(seconds, 1)}


async def _bind(home: Path, team: Workspace) -> None:
    """The rooms have a show, as after the first day."""
    async with await Ledger.open(f"sqlite:///{home / 'ledger.db'}") as ledger:
        show = await ledger.shows.ensure(team.id, "Soak")
        for room in team.channels:
            await ledger.shows.bind(Scope("slack", team.id, room), show.id)


async def _talk(plan: Plan, slack: LoopbackSlack, team: Workspace, chance: random.Random, storm: Storm | None) -> Crowd:
    """Everybody speaks: each thread is begun, then its messages come mixed with all others'. People wait
    a little for their answers."""
    crowd = Crowd({}, defaultdict(int))
    turns = [n % plan.threads for n in range(plan.messages)]
    chance.shuffle(turns)
    for number, thread in enumerate(turns):
        while _too_much(crowd, team, thread) or (storm and number > storm.far * plan.messages):  # noqa: ASYNC110 - Slack is another task
            await asyncio.sleep(0.2)
        room, user = f"C{thread % 10}", f"U{chance.randrange(20)}"
        text = f"Say q{thread}x{crowd.said[thread]} again"
        crowd.said[thread] += 1
        if thread not in crowd.roots:
            crowd.roots[thread] = slack.mention(team, room, user, text)
        else:
            slack.say(team, room, user, text, thread=crowd.roots[thread])
        await asyncio.sleep(chance.uniform(0, 0.04))
    return crowd


def _too_much(crowd: Crowd, team: Workspace, thread: int) -> bool:
    """A ninth message in a thread, or a two hundredth in all, would rightly be told to come again."""
    if crowd.said[thread] - _answered(crowd, team, thread) >= 4:
        return True
    said = sum(crowd.said.values())
    return said % 10 == 0 and said - sum(_answered(crowd, team, one) for one in crowd.roots) >= 150


def _answered(crowd: Crowd, team: Workspace, thread: int) -> int:
    """Messages that have an answer, or were told that they get none."""
    if thread not in crowd.roots:
        return 0
    pages = team.from_bot(f"C{thread % 10}", crowd.roots[thread])
    marks = [_MARK.findall(page.shown) for page in pages if not page.only_for]
    return len({mark for found in marks for mark in found}) + marks.count([])


async def _harass(plan: Plan, slack: LoopbackSlack, program: Program, chance: random.Random) -> None:
    """Cuts the line and kills the program while the crowd talks."""
    for _ in range(plan.kills):
        await asyncio.sleep(chance.uniform(6, 14))
        slack.cut()
        await asyncio.sleep(chance.uniform(6, 14))
        await program.kill()
        await asyncio.sleep(chance.uniform(0, 1))
        await program.start()


async def _settled(plan: Plan, slack: LoopbackSlack, team: Workspace, program: Program) -> None:
    """Until nothing new was shown for a while, or all are answered."""
    await asyncio.gather(*(delivery.done.wait() for delivery in slack.deliveries))
    last, since = -1, time.monotonic()
    while time.monotonic() - since < plan.settle:
        marks = {mark for room in team.channels for page in team.from_bot(room) for mark in _MARK.findall(page.shown)}
        if len(marks) >= plan.messages - program.unanswered(_MARK):
            await asyncio.sleep(2)
            return
        if len(marks) != last:
            last, since = len(marks), time.monotonic()
        await asyncio.sleep(0.5)


def _judge(crowd: Crowd, slack: LoopbackSlack, team: Workspace, program: Program) -> dict[str, object]:
    """What was told that it is not answered is not lost."""
    lost = doubled = misordered = late = told = 0
    unanswered, kept = program.unanswered(_MARK), program.kept(_MARK)
    for thread, root in crowd.roots.items():
        seen: list[int] = []
        for page in team.from_bot(f"C{thread % 10}", root):
            marks = [int(n) for t, n in _MARK.findall(page.shown) if int(t) == thread]
            seen += sorted(set(marks))
            told += not marks and not page.only_for
        lost += len(set(range(crowd.said[thread])) - set(seen))
        doubled += len(seen) - len(set(seen))
        wrong, came_late = out_of_order(thread, list(dict.fromkeys(seen)), kept)
        misordered, late = misordered + wrong, late + came_late
    acks = sorted(delivery.acked * 1000 for delivery in slack.deliveries if delivery.acked is not None)
    return {
        "messages": sum(crowd.said.values()),
        "deliveries": sum(delivery.attempts for delivery in slack.deliveries),
        "lost": lost - unanswered,
        "doubled": doubled,
        "misordered": misordered,
        "came late": late,
        "told instead": told,
        "unanswered": unanswered,
        "never acked": sum(delivery.acked is None for delivery in slack.deliveries),
        "ack ms p50": round(statistics.median(acks), 1),
        "ack ms p99": round(acks[int(len(acks) * 0.99)], 1),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--platform", choices=("slack", "discord"), default="slack")
    parser.add_argument("--threads", type=int, default=200)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--http", action="store_true")
    parser.add_argument("--storm", action="store_true")
    parser.add_argument("--forgetful", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(argv)
    platform = importlib.import_module("bench.soak_discord") if given.platform == "discord" else None
    work = platform.soak if platform else soak
    plan = Plan(given.threads, given.messages, given.kills, given.http, given.seed, given.storm, given.forgetful)
    found = asyncio.run(work(plan))
    for name, value in found.items():
        print(f"{name:14} {value}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if found["lost"] or found["doubled"] or found["misordered"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
