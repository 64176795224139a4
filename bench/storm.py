"""Storm: a program is ended again and again at named points of its work, which its ledger shows; and how soon
the next one hears again.

Knows nothing of platforms.
"""

import asyncio
import os
import random
import re
import signal
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
SLOW = "echo:slow=0.01"
"""A writer with something to interrupt."""

POINTS = {
    "kept": "SELECT 1 FROM inbox WHERE state = 'waiting'",
    "taken": "SELECT 1 FROM inbox WHERE state = 'working' AND NOT sending",
    "begun": "SELECT 1 FROM takes WHERE status = 'writing' AND text = ''",
    "growing": "SELECT 1 FROM takes WHERE status = 'writing' AND text <> ''",
    "written": "SELECT 1 FROM inbox JOIN turns ON turns.event = inbox.event JOIN takes ON takes.id = turns.chosen "
    "WHERE inbox.state = 'working' AND takes.status = 'complete'",
    "sending": "SELECT 1 FROM inbox WHERE state = 'working' AND sending AND ids = '[]'",
    "posted": "SELECT 1 FROM inbox WHERE state = 'working' AND ids <> '[]'",
    "indexed": "SELECT 1 FROM outbox",
}
"""Where a program can be ended, each as what its ledger then holds."""

WAITS, AWAKE = 5.0, (1.0, 6.0)
"""Seconds that a point is waited for; seconds before that in which a program works undisturbed."""


_ENDED = """SELECT inbox.state = 'dead', inbox.text, coalesce(takes.text, '') FROM inbox
JOIN inbox AS heads ON heads.number = inbox.head LEFT JOIN turns ON turns.event = heads.event
LEFT JOIN takes ON takes.id = turns.chosen WHERE inbox.state = 'dead' OR takes.status = 'stopped'"""
"""Messages that were given up, and those whose page was not ended."""


_KEPT = """SELECT inbox.text, inbox.received, turns.created FROM inbox
JOIN inbox AS heads ON heads.number = inbox.head JOIN turns ON turns.event = heads.event"""
"""When each message was kept, and when its answer was begun."""


class Program:
    """``dramaturg PLATFORM`` as a child, killed and started anew. ``heard`` are the seconds from each start to the
    first new event that was kept after it, where one came within ten."""

    def __init__(self, platform: str, home: Path, env: Mapping[str, str]) -> None:
        own = {"PYTHONPATH": str(ROOT), "DRAMATURG_HOME": str(home), "DRAMATURG_CACHE": str(home / "cache")}
        long = {"DRAMATURG_WINDOW": "200"}  # where earlier turns are looked up, echo says them and not what was said
        self._env = {**os.environ, **own, **long, **env}
        self._platform = platform
        self._ledger = home / "ledger.db"
        self._child: asyncio.subprocess.Process | None = None
        self.starts = 0
        self.listening: list[float] = []
        self.heard: list[float] = []
        self._hearing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Until it listens. A predecessor's children may hold the index for a moment."""
        began, last = time.monotonic(), await asyncio.to_thread(self._newest)
        while True:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.cli", self._platform),
                env=self._env,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            self.starts += 1
            line = await self._child.stdout.readline()
            if line.startswith(b"Listening"):
                break
            await self._child.wait()
            await asyncio.sleep(0.5)
        self.listening.append(time.monotonic() - began)
        task = asyncio.create_task(self._hear(began, last))
        self._hearing.add(task)
        task.add_done_callback(self._hearing.discard)

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        for task in self._hearing:
            task.cancel()
        with suppress(ProcessLookupError):
            self._child.send_signal(how)
        await self._child.wait()

    async def kill_at(self, point: str) -> bool:
        """Ends it as soon as its ledger shows the point; whether it was ended there."""
        there = await asyncio.to_thread(self._kill_at, POINTS[point], self._child.pid)
        await self.kill()
        return there

    def _kill_at(self, query: str, pid: int) -> bool:
        deadline = time.monotonic() + WAITS
        with closing(self._open()) as ledger:
            while time.monotonic() < deadline:
                if _ask(ledger, query):
                    os.kill(pid, signal.SIGKILL)
                    return _ask(ledger, query) is not None
                time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        return False

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._ledger}?mode=ro", uri=True, timeout=5)

    def _newest(self) -> int:
        with closing(self._open()) as ledger:
            return _ask(ledger, "SELECT max(number) FROM inbox") or 0

    async def _hear(self, began: float, last: int) -> None:
        while (passed := time.monotonic() - began) < 10:
            if await asyncio.to_thread(self._newest) > last:
                self.heard.append(passed)
                return
            await asyncio.sleep(0.02)

    def unanswered(self, mark: re.Pattern[str]) -> int:
        """Messages that were told so instead of an answer: they ended it too often, or their page was cut off before
        the ``mark`` that they ask for."""
        with closing(self._open()) as ledger:
            ended = ledger.execute(_ENDED).fetchall()
        return sum(dead or not {*mark.findall(said)} <= {*mark.findall(shown)} for dead, said, shown in ended)

    def kept(self, mark: re.Pattern[str]) -> dict[tuple[int, int], tuple[str, str]]:
        """When each message, by its thread and number, was kept, and when its answer was begun."""
        with closing(self._open()) as ledger:
            rows = ledger.execute(_KEPT).fetchall()
        return {(int(t), int(n)): (kept, begun) for said, kept, begun in rows for t, n in mark.findall(said)}

    def told(self, points: Counter[str]) -> dict[str, object]:
        again = self.listening[1:]
        return {
            "starts": self.starts,
            "listens s p50": round(statistics.median(again), 1) if again else None,
            "listens s max": round(max(again), 1) if again else None,
            "hears s p50": round(statistics.median(self.heard), 1) if self.heard else None,
            "hears s max": round(max(self.heard), 1) if self.heard else None,
            "ended at": ", ".join(f"{name} {points[name]}" for name in (*POINTS, "elsewhere") if points[name]),
        }


def _ask(ledger: sqlite3.Connection, query: str) -> int | None:
    with suppress(sqlite3.OperationalError):
        row = ledger.execute(query + " LIMIT 1").fetchone()
        return None if row is None else row[0]
    return None


def out_of_order(thread: int, shown: Sequence[int], kept: Mapping[tuple[int, int], tuple[str, str]]) -> tuple[int, int]:
    """Messages that are answered after a later one; and those of them that came when that was answered already,
    as what is delivered again does."""
    pairs = [(thread, later, earlier) for later, earlier in pairwise(shown) if earlier < later]
    late = [one for one in pairs if kept[one[0], one[2]][0] > kept[one[0], one[1]][1]]
    return len(pairs) - len(late), len(late)


class Storm:
    """``kills`` at these ``points`` in turn, each a moment after the program listens again. The crowd is paced by
    ``far``, so that somebody speaks until the last."""

    def __init__(self, kills: int, chance: random.Random, points: Sequence[str] = tuple(POINTS)) -> None:
        self._kills = kills
        self._chance = chance
        self._names = points
        self.done = 0
        self.points: Counter[str] = Counter()

    @property
    def far(self) -> float:
        """The share of it that is over, and of the two kills to come: who waits for less says nothing meanwhile."""
        return (self.done + 2) / (self._kills + 1)

    async def blow(self, program: Program) -> None:
        for number in range(self._kills):
            await asyncio.sleep(self._chance.uniform(*AWAKE))
            point = self._names[number % len(self._names)]
            self.points[point if await program.kill_at(point) else "elsewhere"] += 1
            self.done += 1
            await program.start()
