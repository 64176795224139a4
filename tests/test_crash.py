"""`kill -9` in the middle of things, with the real program: nothing lost, nothing double, no one left behind."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from bot.settings import Settings
from memory import Scope

ROOT = Path(__file__).parent.parent
PLACE = Scope("terminal", "local", "terminal")
WORDS = " ".join(f"word{n}" for n in range(200))


class Program:
    """The program in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home, self._folder = folder / "home", folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DRAMATURG_")}
        where = {"DRAMATURG_HOME": str(self.home), "DRAMATURG_CACHE": str(folder / "cache"), "DRAMATURG_WRITER": "echo"}
        self._env = {**kept, **where, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)}
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "bot.cli", *words]
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(line, cwd=self._folder, env=self._env, stdin=nowhere, stdout=nowhere, stderr=nowhere)
        self.started.append(process)
        return process

    def run(self, *words: str) -> str:
        line = [sys.executable, "-m", "bot.cli", *words]
        done = subprocess.run(
            line, cwd=self._folder, env=self._env, capture_output=True, text=True, timeout=120, input=""
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, question: str) -> Any:
        """One figure from the ledger's file; None while there is no answer yet."""
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self.home / "ledger.db", timeout=5)) as ledger:
            return ledger.execute(question).fetchone()[0]
        return None

    def kill(self, process: subprocess.Popen[bytes], when: Callable[[], bool], after: float = 0.0) -> None:
        """Kills it as soon as ``when``, or a moment ``after``; everyone it started must be gone soon after that."""
        deadline = time.monotonic() + 60
        while not when():
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline, "it never came so far"
            time.sleep(0.02)
        time.sleep(after)
        family = offspring(process.pid)
        assert family, "the index lives in a process of its own"
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 10
        while left := [pid for pid in family if alive(pid)]:
            assert time.monotonic() < deadline, f"orphans: {left}"
            time.sleep(0.05)


def offspring(pid: int) -> list[int]:
    """Everyone below a process, from /proc."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [deeper for child in found for deeper in offspring(child)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    if not Path("/proc/self/stat").exists():
        pytest.skip("who started whom is read from /proc")
    made = Program(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.wait()


async def agrees(program: Program, owed: Any) -> None:
    """At the next start the index comes to hold exactly what the ledger says."""
    async with AsyncExitStack() as stack:
        app = await open_app(stack, Settings(home=program.home, cache=program.home / "cache", writer="echo"))
        await app.librarian.settle()
        assert await app.index.fingerprints() == await owed(app.ledger)


async def test_killed_in_mid_answer_nothing_that_was_shown_is_lost_and_nothing_is_double(
    program: Program, owed: Any
) -> None:
    killed = program.start("chat", "--writer", f"echo:slow=0.05,say={WORDS}", "Who rings the bell?")
    program.kill(killed, lambda: bool(program.ask("SELECT count(*) FROM takes WHERE text LIKE '%word5 %'")))
    shown = program.ask("SELECT text FROM takes")
    assert program.ask("SELECT status FROM takes") == "writing"
    program.run("chat", "--continue", "And who stops it?")
    assert program.ask("SELECT count(*) FROM threads WHERE head IS NOT NULL") == 1
    assert program.ask("SELECT count(*) FROM turns") == 2
    assert program.ask("SELECT count(*) FROM takes") == 2
    first = "FROM takes JOIN turns ON turns.id = takes.turn WHERE turns.depth = 1"
    assert program.ask(f"SELECT takes.text {first}") == shown
    assert program.ask(f"SELECT status {first}") == "stopped"
    assert "ended in the middle" in program.ask(f"SELECT reason {first}")
    await agrees(program, owed)


async def test_after_every_crash_in_mid_turn_the_next_turn_works(program: Program, owed: Any) -> None:
    chance, writing = random.Random(7), "SELECT count(*) FROM takes WHERE status = 'writing'"
    program.run("chat", "The tide goes out.")
    for number in range(10):
        killed = program.start("chat", "--continue", "--writer", f"echo:slow=0.05,say={WORDS}", f"Wave {number}.")
        began = f"SELECT count(*) FROM takes JOIN turns ON turns.id = takes.turn WHERE turns.text = 'Wave {number}.'"
        program.kill(killed, lambda began=began: bool(program.ask(began)), after=chance.uniform(0, 1.5))
        assert program.ask(writing) == 1, "the turn before it was ended, and this one was cut off"
    assert program.run("chat", "--continue", "And the tide comes in.").strip()
    assert program.ask(writing) == 0
    assert program.ask("SELECT count(*) FROM threads WHERE head IS NOT NULL") == 1
    whole = "SELECT count(*) FROM path JOIN turns ON turns.id = path.turn WHERE turns.depth = path.depth"
    assert program.ask(whole) == program.ask("SELECT max(depth) FROM path") == 12
    assert program.ask("SELECT count(DISTINCT parent) FROM turns") == 11
    assert (
        program.ask("SELECT count(*) FROM takes WHERE status = 'stopped' AND reason LIKE '%ended in the middle%'") == 10
    )
    await agrees(program, owed)


async def test_killed_in_mid_learning_the_next_run_goes_on_where_it_was(
    program: Program, owed: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(16):
        text = "\n\n".join(f"Paragraph {n} of note {number} weighs herring number {n * number}. " * 8 for n in range(6))
        (folder / f"note{number:02}.md").write_text(f"# Note {number}\n\n{text}\n", "utf-8")
    killed = program.start("learn", str(folder), "--show", "Herring")
    program.kill(killed, lambda: (program.ask("SELECT count(*) FROM sources") or 0) >= 4)
    halfway = program.ask("SELECT count(*) FROM sources")
    assert 4 <= halfway < 16
    assert program.ask("SELECT count(*) FROM sources WHERE pieces = 0") == 0
    told = program.run("learn", str(folder), "--show", "Herring")
    assert f"{16 - halfway} source" in told
    assert f"{halfway} unchanged" in told
    assert program.ask("SELECT count(*) FROM sources") == 16
    assert program.ask("SELECT count(DISTINCT uri) FROM sources") == 16
    await agrees(program, owed)


async def test_killed_while_the_index_is_written_the_next_start_writes_the_rest(
    program: Program, owed: Any, tmp_path: Path
) -> None:
    note = tmp_path / "note.md"
    note.write_text(
        "# Note\n\n" + "\n\n".join(f"Barrel {n} holds herring of year {n}. " * 12 for n in range(120)), "utf-8"
    )
    killed = program.start("learn", str(note), "--show", "Herring")
    program.kill(killed, lambda: bool(program.ask("SELECT count(*) FROM outbox")))
    assert program.ask("SELECT count(*) FROM outbox") == 1
    await agrees(program, owed)
