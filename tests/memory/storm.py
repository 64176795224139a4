"""A program that is killed over and over while it writes: `storm.py URL LOG KILLS SEED [open]`.

Each round forks a child that appends a line to LOG after every call that returned, and is killed
with SIGKILL at a moment nobody chose. With `open` the children do nothing but open a fresh ledger.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from memory import Draft, Scope, TakeStatus
from memory.ledger import Ledger

SCOPE = Scope("slack", "T1", "C1", "th1")


def last_finished() -> int:
    lines = Path(sys.argv[2]).read_text().splitlines()
    return max((int(line.split()[1]) for line in lines if line.startswith("finished")), default=0)


async def write(url: str, log: int) -> None:
    number = 1 + last_finished()
    ledger = await Ledger.open(url)
    await ledger.turns.recover()
    show = await ledger.shows.ensure(SCOPE.tenant, "Storm")
    await ledger.threads.open(SCOPE, show.id)
    while True:  # the event that was not finished comes again, as platforms redeliver
        begun = await ledger.turns.begin(SCOPE, "ana", f"{number}", "chat", f"e{number}")
        os.write(log, f"begun {number} {begun.turn.id}\n".encode())
        await ledger.turns.draft(SCOPE, begun.take.id, f"answer {number} so far")
        os.write(log, f"seen {number}\n".encode())
        await ledger.turns.finish(SCOPE, begun.take.id, f"answer {number}", TakeStatus.COMPLETE)
        os.write(log, f"finished {number}\n".encode())
        await ledger.canon.add(SCOPE.tenant, show.id, Draft("lore", f"Fact {number}", "x"), "ana")
        os.write(log, f"canon {number}\n".encode())
        number += 1


async def only_open(url: str) -> None:
    await (await Ledger.open(url)).close()


def wait_for_work(path: str, before: int) -> None:
    deadline = time.monotonic() + 60
    while os.path.getsize(path) == before and time.monotonic() < deadline:
        time.sleep(0.005)


def main() -> None:
    url, path, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    chance = random.Random(seed)
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for round_ in range(kills):
        before = os.path.getsize(path)
        child = os.fork()
        if not child:
            asyncio.run(only_open(url) if "open" in sys.argv else write(url, log))
            os._exit(0)
        if "open" in sys.argv:
            time.sleep(chance.uniform(0.0, 0.15))
        elif round_ % 4 == 0:  # maybe before it has written anything
            time.sleep(chance.uniform(0.2, 0.9))
        else:  # in the midst of its work, however long a busy machine takes to get there
            wait_for_work(path, before)
            time.sleep(chance.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
