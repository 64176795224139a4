"""Ledgers to test on: real SQLite files, and a real PostgreSQL where one is installed."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from memory import Scope, Show, Take, TakeStatus, Turn
from memory.ledger import Ledger

Opener = Callable[[], Awaitable[Ledger]]


def _program(name: str) -> str | None:
    return shutil.which(name) or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own, on a socket in a folder of its own: that folder's path."""
    initdb, server = _program("initdb"), _program("postgres")
    if not (initdb and server):
        pytest.skip("PostgreSQL is not installed here")
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        shutil.chown(folder, user)
    options = ["-D", f"{folder}/data", "-U", "tests", "-E", "UTF8", "--locale=C", "-A", "trust"]
    subprocess.run([initdb, *options], check=True, user=user, stdout=subprocess.DEVNULL)
    with (folder / "log").open("w") as log:
        where = ["-D", f"{folder}/data", "-k", str(folder), "-c", "listen_addresses=", "-c", "shared_buffers=32MB"]
        process = subprocess.Popen([server, *where], user=user, stdout=log, stderr=log)
        try:
            asyncio.run(_until_up(folder))
            yield str(folder)
        finally:
            process.terminate()
            process.wait(timeout=30)
            shutil.rmtree(folder)


async def _until_up(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = await asyncpg.connect(host=str(folder), user="tests", database="postgres")
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise AssertionError((folder / "log").read_text()) from None
            await asyncio.sleep(0.1)
        else:
            return await connection.close()


async def run_on_postgres(folder: str, statement: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(host=folder, user="tests", database=database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def postgres_url(postgres: str) -> AsyncIterator[str]:
    """A fresh database."""
    name = f"t{uuid4().hex}"
    await run_on_postgres(postgres, f"CREATE DATABASE {name}")
    yield f"postgresql://tests@/{name}?host={postgres}"
    await run_on_postgres(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a fresh ledger may be made."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
async def opener(url: str) -> AsyncIterator[Opener]:
    """Opens the same ledger as often as called."""
    async with AsyncExitStack() as stack:

        async def another() -> Ledger:
            return await stack.enter_async_context(await Ledger.open(url))

        yield another


@pytest.fixture
async def ledger(opener: Opener) -> Ledger:
    return await opener()


@pytest.fixture
def scope() -> Scope:
    return Scope("slack", "T1", "C1", "th1")


@pytest.fixture
async def show(ledger: Ledger, scope: Scope) -> Show:
    """A show, and the scope's thread opened on it."""
    made = await ledger.shows.ensure(scope.tenant, "The Salt Road")
    await ledger.threads.open(scope, made.id)
    return made


async def say(ledger: Ledger, scope: Scope, text: str, answer: str = "So be it.", event: str = "") -> Turn:
    """One whole turn."""
    begun = await ledger.turns.begin(scope, "ana", text, "chat", event)
    return await ledger.turns.finish(scope, begun.take.id, answer, TakeStatus.COMPLETE)


async def texts(ledger: Ledger, scope: Scope, window: int = 1000) -> list[str]:
    return [turn.text for turn in (await ledger.threads.conversation(scope, window)).window]


async def drain(ledger: Ledger) -> list[tuple[str, str]]:
    """Works the outbox off: what was in it."""
    jobs = await ledger.outbox.pending(1000)
    await ledger.outbox.done(job.number for job in jobs)
    return [(job.record.value, job.id) for job in jobs]


def ended(take: Take | None) -> bool:
    return take is not None and take.status is not TakeStatus.WRITING
