"""Soak in Discord: what ``bench.soak`` does in Slack, against a loopback Discord and its gateway.

Events come twice and late, the line is cut, sessions are forgotten, the program is ended with SIGKILL.
"""

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from bench.soak import _MARK as MARK
from bench.soak import ROOT, Plan
from memory import Scope
from memory.ledger import Ledger
from tests.loopback.discord.server import LoopbackDiscord
from tests.loopback.discord.world import Channel, Guild, Message

ROOMS, PEOPLE = 10, 20


class Program:
    """``dramaturg discord`` as a child, killed and started anew."""

    def __init__(self, discord: LoopbackDiscord, home: Path) -> None:
        self._env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DRAMATURG_HOME": str(home),
            "DRAMATURG_CACHE": str(home / "cache"),
            "DRAMATURG_WRITER": "echo",
            "DRAMATURG_DISCORD_TOKEN": discord.token,
            "DRAMATURG_DISCORD_BASE_URL": discord.rest_url,
            "DRAMATURG_DISCORD_FILES": discord.url,
            "DRAMATURG_DISCORD_BURST": "0.2",
            "DRAMATURG_DISCORD_MESSAGE_CONTENT": "true",
        }
        self._child: asyncio.subprocess.Process | None = None
        self.starts = 0

    async def start(self) -> None:
        """Until it listens. A predecessor's children may hold the index for a moment."""
        while True:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.cli", "discord"),
                env=self._env,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            self.starts += 1
            line = await self._child.stdout.readline()
            if line.startswith(b"Listening"):
                return
            await self._child.wait()
            await asyncio.sleep(0.5)

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self._child.send_signal(how)
        await self._child.wait()


class Crowd:
    """Who said what: each thread's first message, and how many were said in it."""

    def __init__(self, discord: LoopbackDiscord) -> None:
        self.discord = discord
        self.people = [discord.add_user(f"Writer {n}") for n in range(PEOPLE)]
        self.guild: Guild = discord.add_guild("Soak", *self.people)
        self.rooms = [discord.add_channel(self.guild, f"room-{n}") for n in range(ROOMS)]
        self.roots: dict[int, Message] = {}
        self.said: dict[int, int] = defaultdict(int)

    def thread(self, number: int) -> Channel | None:
        root = self.roots.get(number)
        return self.discord.world.channels.get(root.id) if root else None

    def pages(self, number: int) -> Iterator[Message]:
        thread = self.thread(number)
        every = thread.by(self.discord.world.me) if thread else []
        return (page for page in every if page.deleted is None)

    def answered(self, number: int) -> set[int]:
        return {int(n) for page in self.pages(number) for t, n in MARK.findall(page.shown) if int(t) == number}


async def soak(plan: Plan) -> dict[str, object]:
    chance = random.Random(plan.seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        async with LoopbackDiscord() as discord:
            crowd = Crowd(discord)
            await _bind(Path(folder), crowd)
            program = Program(discord, Path(folder))
            await program.start()
            discord.faults.repeat, discord.faults.late, discord.faults.chance = 0.2, 0.3, chance
            killing = asyncio.create_task(_harass(plan, discord, program, chance))
            began = time.monotonic()
            await _talk(plan, crowd, chance)
            await killing
            await _settled(plan, crowd)
            seconds = time.monotonic() - began
            await program.kill(signal.SIGTERM)
            return {**_judge(plan, crowd), "starts": program.starts, "seconds": round(seconds, 1)}


async def _bind(home: Path, crowd: Crowd) -> None:
    """The rooms have a show, as after the first day."""
    async with await Ledger.open(f"sqlite:///{home / 'ledger.db'}") as ledger:
        show = await ledger.shows.ensure(str(crowd.guild.id), "Soak")
        for room in crowd.rooms:
            await ledger.shows.bind(Scope("discord", str(crowd.guild.id), str(room.id)), show.id)


async def _talk(plan: Plan, crowd: Crowd, chance: random.Random) -> None:
    """Each thread is begun by a mention; in it people speak as soon as it is open, mixed with all others."""
    turns = [n % plan.threads for n in range(plan.messages)]
    chance.shuffle(turns)
    for number in turns:
        while _too_early(crowd, number):  # noqa: ASYNC110 - Discord is another task
            await asyncio.sleep(0.2)
        text = f"Say q{number}x{crowd.said[number]} again"
        crowd.said[number] += 1
        who, thread = chance.choice(crowd.people), crowd.thread(number)
        if thread is None:
            crowd.roots[number] = crowd.discord.mention(crowd.rooms[number % ROOMS], who, text)
        else:
            crowd.discord.say(thread, who, text)
        await asyncio.sleep(chance.uniform(0, 0.04))


def _too_early(crowd: Crowd, number: int) -> bool:
    """A thread must be open to be spoken in; a ninth message in it, or a two hundredth in all, would rightly be
    told to come again."""
    if number in crowd.roots and crowd.thread(number) is None:
        return True
    if crowd.said[number] - len(crowd.answered(number)) >= 4:
        return True
    said = sum(crowd.said.values())
    return said % 10 == 0 and said - sum(len(crowd.answered(one)) for one in crowd.roots) >= 150


async def _harass(plan: Plan, discord: LoopbackDiscord, program: Program, chance: random.Random) -> None:
    """Cuts the line, sometimes for good, and kills the program while the crowd talks."""
    for number in range(plan.kills):
        await asyncio.sleep(chance.uniform(6, 14))
        discord.gateway.cut()
        if number % 2:
            discord.gateway.forget()
        await asyncio.sleep(chance.uniform(6, 14))
        await program.kill()
        await asyncio.sleep(chance.uniform(0, 1))
        await program.start()


async def _settled(plan: Plan, crowd: Crowd) -> None:
    """Until nothing new was shown for a while, or all are answered."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < plan.settle:
        shown = sum(len(crowd.answered(number)) for number in crowd.roots)
        if shown >= plan.messages:
            await asyncio.sleep(2)
            return
        if shown != last:
            last, since = shown, time.monotonic()
        await asyncio.sleep(0.5)


def _judge(plan: Plan, crowd: Crowd) -> dict[str, object]:
    lost = doubled = misordered = told = 0
    for number in crowd.roots:
        seen: list[int] = []
        for page in crowd.pages(number):
            marks = sorted({int(n) for t, n in MARK.findall(page.shown) if int(t) == number})
            seen += marks
            told += not marks
            if not marks:
                print("TOLD", page.content[:100], page.reply_to and page.reply_to.content)
        lost += len(set(range(crowd.said[number])) - set(seen))
        doubled += len(seen) - len(set(seen))
        misordered += sum(later < earlier for earlier, later in pairwise(dict.fromkeys(seen)))
    every = [page for number in crowd.roots for page in crowd.pages(number)]
    return {
        "messages": sum(crowd.said.values()),
        "lost": lost,
        "doubled": doubled,
        "misordered": misordered,
        "told instead": told,
        "pinged": sum(len(page.pings) for page in every),
        "edits too soon": sum(gap < 1.15 for page in every for gap in page.gaps),
        "refused calls": len(crowd.discord.refused),
        "identifies": len(crowd.discord.gateway.identified),
    }
