"""One of several programs that share a ledger: `worker.py URL LOG HOLDER LEASE [alone]`.

Answers everything that waits, and appends a line to LOG when it begins an answer and when the answer is
kept. Begins when it is told so by a line. With `alone` it takes no leases, as if nobody else were there. Works until it is killed.
"""

import asyncio
import os
import sys
import time

from bot.events import Reply, Sent
from bot.gate import Gate, Rules
from memory import TakeStatus
from memory.ledger import Ledger


class Nowhere:
    """A surface on which nothing is seen."""

    burst = 0.0

    def stage(self, inbound, slip):
        return self

    async def prepare(self, inbound):
        return inbound

    async def show(self, out):
        return None

    async def finish(self, reply):
        return Sent((), "", True)


async def main(url, path, holder, lease, *alone):
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(what, inbound):
        os.write(log, f"{what} {inbound.scope.thread} {inbound.text.split()[0]} {holder} {time.monotonic()}\n".encode())

    async with await Ledger.open(url) as ledger:

        async def respond(inbound, stage, halt):
            tell("begun", inbound)
            begun = await ledger.turns.begin(inbound.scope, "ana", inbound.text, "chat", inbound.event_id)
            await asyncio.sleep(float(inbound.text.split()[1]))
            await ledger.turns.finish(inbound.scope, begun.take.id, f"by {holder}", TakeStatus.COMPLETE)
            tell("kept", inbound)
            return Reply("complete", begun.turn.id)

        rules = Rules(parallel=8, tenant=8, lease=float(lease), pause=0.1)
        gate = Gate(respond, ledger.inbox, rules, None if alone else ledger.leases, holder)
        gate.serve("slack", Nowhere())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        await gate.recover("slack")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
