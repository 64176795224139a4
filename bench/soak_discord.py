"""Soak in Discord: what ``bench.soak`` does in Slack, against a loopback Discord and its gateway.

Events come twice and late, the line is cut, sessions are forgotten, the program is ended with SIGKILL.
"""

import asyncio
import random
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.soak import _MARK as MARK
from bench.soak import Plan
from bench.storm import POINTS, SLOW, Program, Storm, out_of_order
from memory import Scope
from memory.ledger import Ledger
from tests.loopback.discord.faults import SENDING
from tests.loopback.discord.server import LoopbackDiscord
from tests.loopback.discord.world import Channel, Guild, Message

ROOMS, PEOPLE = 10, 20


def _program(plan: Plan, discord: LoopbackDiscord, home: Path) -> Program:
    return Program(
        "discord",
        home,
        {
            "DRAMATURG_WRITER": SLOW if plan.storm else "echo",
            "DRAMATURG_DISCORD_TOKEN": discord.token,
            "DRAMATURG_DISCORD_BASE_URL": discord.rest_url,
            "DRAMATURG_DISCORD_FILES": discord.url,
            "DRAMATURG_DISCORD_BURST": "0.2",
            "DRAMATURG_DISCORD_MESSAGE_CONTENT": "true",
        },
    )


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

    def done(self, number: int) -> int:
        """Messages that have an answer, or were told that they get none."""
        return len(self.answered(number)) + sum(not MARK.search(page.shown) for page in self.pages(number))


async def soak(plan: Plan) -> dict[str, object]:
    chance = random.Random(plan.seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        async with LoopbackDiscord() as discord:
            crowd = Crowd(discord)
            await _bind(Path(folder), crowd)
            points = ("sending",) if plan.forgetful else tuple(POINTS)
            program, storm = _program(plan, discord, Path(folder)), Storm(plan.kills, chance, points)
            await program.start()
            discord.faults.repeat, discord.faults.late, discord.faults.chance = 0.2, 0.3, chance
            if plan.storm:  # long enough to be killed in
                discord.faults.slow[SENDING] = 0.05
            if plan.forgetful:
                discord.limits.nonce_life = 0.0
            harassing = storm.blow(program) if plan.storm else _harass(plan, discord, program, chance)
            killing = asyncio.create_task(harassing)
            began = time.monotonic()
            await _talk(plan, crowd, chance, storm if plan.storm else None)
            await killing
            await _settled(plan, crowd, program)
            seconds = time.monotonic() - began
            await program.kill(signal.SIGTERM)
            found = _judge(crowd, program)
            return {**found, **program.told(storm.points), "seconds": round(seconds, 1)}


async def _bind(home: Path, crowd: Crowd) -> None:
    """The rooms have a show, as after the first day."""
    async with await Ledger.open(f"sqlite:///{home / 'ledger.db'}") as ledger:
        show = await ledger.shows.ensure(str(crowd.guild.id), "Soak")
        for room in crowd.rooms:
            await ledger.shows.bind(Scope("discord", str(crowd.guild.id), str(room.id)), show.id)


async def _talk(plan: Plan, crowd: Crowd, chance: random.Random, storm: Storm | None) -> None:
    """Each thread is begun by a mention; in it people speak as soon as it is open, mixed with all others."""
    turns = [n % plan.threads for n in range(plan.messages)]
    chance.shuffle(turns)
    for said, number in enumerate(turns):
        while _too_early(crowd, number) or (storm and said > storm.far * plan.messages):  # noqa: ASYNC110 - Discord is another task
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
    if crowd.said[number] - crowd.done(number) >= 4:
        return True
    said = sum(crowd.said.values())
    return said % 10 == 0 and said - sum(crowd.done(one) for one in crowd.roots) >= 150


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


async def _settled(plan: Plan, crowd: Crowd, program: Program) -> None:
    """Until nothing new was shown for a while, or all are answered."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < plan.settle:
        shown = sum(len(crowd.answered(number)) for number in crowd.roots)
        if shown >= plan.messages - program.unanswered(MARK):
            await asyncio.sleep(2)
            return
        if shown != last:
            last, since = shown, time.monotonic()
        await asyncio.sleep(0.5)


def _judge(crowd: Crowd, program: Program) -> dict[str, object]:
    lost = doubled = misordered = late = told = 0
    unanswered, kept = program.unanswered(MARK), program.kept(MARK)
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
        wrong, came_late = out_of_order(number, list(dict.fromkeys(seen)), kept)
        misordered, late = misordered + wrong, late + came_late
    every = [page for number in crowd.roots for page in crowd.pages(number)]
    return {
        "messages": sum(crowd.said.values()),
        "lost": lost - unanswered,
        "doubled": doubled,
        "misordered": misordered,
        "came late": late,
        "told instead": told,
        "unanswered": unanswered,
        "pinged": sum(len(page.pings) for page in every),
        "edits too soon": sum(gap < 1.15 for page in every for gap in page.gaps),
        "refused calls": len(crowd.discord.refused),
        "identifies": len(crowd.discord.gateway.identified),
    }
