"""Programs that share a ledger answer each message once, in order, also when one of them is killed."""

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

from memory import Letter, Scope
from memory.ledger import Ledger

WORKER = Path(__file__).with_name("worker.py")
THREADS, EACH, LEASE = 4, 4, 1.0


class Crew:
    """Workers, and what they told."""

    def __init__(self, url, log, *more):
        self.url, self.log, self._more = url, log, more
        self.workers = {}

    async def __aenter__(self):
        self.log.touch()
        return self

    async def __aexit__(self, *error):
        for name in list(self.workers):
            await self.kill(name)

    async def start(self, *names):
        env = os.environ | {"PYTHONPATH": str(WORKER.parents[2])}
        for name in names:
            self.workers[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "ignore", str(WORKER), self.url, str(self.log), name, str(LEASE), *self._more),
                env=env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        for name in names:
            assert await self.workers[name].stdout.readline() == b"ready\n"
        for name in names:
            self.workers[name].stdin.write(b"go\n")

    async def kill(self, name):
        worker = self.workers.pop(name)
        worker.send_signal(signal.SIGKILL)
        await worker.communicate()

    def told(self, what):
        """(thread, message, worker, when), in the order they were told."""
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [(thread, number, who, float(at)) for said, thread, number, who, at in lines if said == what]

    async def until(self, true, seconds=90):
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - the others are processes
                await asyncio.sleep(0.05)


async def letters(url, work):
    """Messages of several threads, in turn; ``work`` is how long each takes."""
    async with await Ledger.open(url) as ledger:
        show = await ledger.shows.ensure("T1", "Crew")
        for n, thread in itertools.product(range(EACH), range(THREADS)):
            scope = Scope("slack", "T1", "C1", f"th{thread}")
            await ledger.threads.open(scope, show.id)
            text = f"m{n} {work(thread, n)}"
            await ledger.inbox.put(Letter("message", f"e{thread}-{n}", scope, "U1", text, message=f"{thread}.{n}"))


def decreasing(thread, n):
    """The first message of the first thread takes five leases, and what comes later takes less."""
    return 5 * LEASE if (thread, n) == (0, 0) else 0.4 / (n + 1)


async def test_one_is_killed_with_the_lease_and_the_others_go_on_in_order(url, tmp_path):
    await letters(url, decreasing)
    async with Crew(url, tmp_path / "log") as crew:
        await crew.start("ann", "bob", "cy")
        await crew.until(lambda: [line for line in crew.told("begun") if line[:2] == ("th0", "m0")])
        holder = next(who for thread, number, who, _ in crew.told("begun") if (thread, number) == ("th0", "m0"))
        await crew.kill(holder)
        await crew.until(lambda: len({line[:2] for line in crew.told("kept")}) == THREADS * EACH)
    kept = crew.told("kept")
    assert len(kept) == THREADS * EACH, "each was kept once"
    for thread in {line[0] for line in kept}:
        assert [number for one, number, *_ in kept if one == thread] == [f"m{n}" for n in range(EACH)]
    assert next(who for thread, number, who, _ in kept if (thread, number) == ("th0", "m0")) != holder
    assert not overlapping(crew)
    async with await Ledger.open(url) as ledger:
        for thread in range(THREADS):
            talk = await ledger.threads.conversation(Scope("slack", "T1", "C1", f"th{thread}"))
            assert [turn.text.split()[0] for turn in talk.window] == [f"m{n}" for n in range(EACH)]
        assert await ledger.inbox.unfinished("slack") == ()


async def test_without_leases_the_same_messages_are_answered_by_everybody(tmp_path):
    """Shows that the tests above can fail."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await letters(url, lambda thread, n: 0.5)
    async with Crew(url, tmp_path / "log", "alone") as crew:
        await crew.start("ann", "bob")
        await crew.until(lambda: len({line[:2] for line in crew.told("kept")}) == THREADS * EACH)
        await asyncio.sleep(1.0)
    assert len(crew.told("begun")) > THREADS * EACH
    assert overlapping(crew)


def overlapping(crew):
    """Answers of one thread that were kept and worked on at the same time."""
    begun = {line[:3]: line[3] for line in crew.told("begun")}
    spans = [(thread, begun[thread, number, who], at) for thread, number, who, at in crew.told("kept")]
    return [
        (one, other)
        for one, other in itertools.combinations(spans, 2)
        if one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
    ]
