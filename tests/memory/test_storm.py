"""A program that is killed while it writes loses nothing it was told was kept, and doubles nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from memory import TakeStatus
from memory.ledger import Ledger

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="The storm forks.")
STORM = Path(__file__).with_name("storm.py")


def storm(url, log, kills, *more):
    log.touch()
    env = os.environ | {"PYTHONPATH": str(STORM.parents[2])}
    command = [sys.executable, "-W", "ignore", str(STORM), url, str(log), str(kills), "7", *more]
    subprocess.run(command, check=True, env=env, timeout=300)
    return [line.split() for line in log.read_text().splitlines()]


async def test_twenty_kills_lose_nothing_and_double_nothing(url, tmp_path, scope):
    told = storm(url, tmp_path / "log", 20)
    async with await Ledger.open(url) as ledger:
        await ledger.turns.recover()
        window = (await ledger.threads.conversation(scope, 100_000)).window
        numbers = [int(turn.text) for turn in window]
        assert numbers == list(range(1, len(numbers) + 1)), "in order, each once, none missing"
        assert len(numbers) > 5, "the storm wrote next to nothing; it proves nothing"
        by_number = {turn.text: turn for turn in window}
        for what, number, *rest in told:
            turn = by_number[number]
            assert turn.take.status is not TakeStatus.WRITING
            if what == "begun":
                assert [turn.id] == rest
            elif what == "seen":
                assert turn.take.text.startswith(f"answer {number}")
            elif what == "finished":
                assert (turn.take.text, turn.take.status) == (f"answer {number}", TakeStatus.COMPLETE)
        show = await ledger.shows.find(scope.tenant, "Storm")
        names = {name.name for name in await ledger.canon.names(scope.tenant, show.id)}
        assert {f"Fact {number}" for what, number, *_ in told if what == "canon"} <= names
        waiting = {job.id for job in await ledger.outbox.pending(100_000)}
        assert {turn.id for turn in window} <= waiting, "nobody works the outbox off here, so every job must be there"
        assert show.canon_version == len(names)


async def test_a_program_killed_while_it_makes_the_tables_leaves_none_or_all(bare_url, tmp_path):
    storm(bare_url, tmp_path / "log", 12, "open")
    async with await Ledger.open(bare_url) as ledger:
        assert (await ledger.shows.ensure("T1", "After")).name == "After"
