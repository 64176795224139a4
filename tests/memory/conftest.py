"""Ledgers to test on: real SQLite files, and a real PostgreSQL where one is installed."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import event

from memory import Scope, Show, TakeStatus, Turn
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
            asyncio.run(_make_template(folder))
            yield str(folder)
        finally:
            process.terminate()
            process.wait(timeout=30)
            shutil.rmtree(folder)


async def _make_template(folder: Path) -> None:
    """A migrated database to copy: copying is much faster than migrating for every test."""
    await _until_up(folder)
    await run_on_postgres(str(folder), "CREATE DATABASE migrated")
    await (await Ledger.open(f"postgresql://tests@/migrated?host={folder}")).close()


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


@asynccontextmanager
async def _database(folder: str, template: str) -> AsyncIterator[str]:
    name = f"t{uuid4().hex}"
    await run_on_postgres(folder, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield f"postgresql://tests@/{name}?host={folder}"
    await run_on_postgres(folder, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def postgres_url(postgres: str) -> AsyncIterator[str]:
    """A database with an empty ledger."""
    async with _database(postgres, "migrated") as url:
        yield url


@pytest.fixture
async def bare_postgres_url(postgres: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    async with _database(postgres, "template1") as url:
        yield url


@pytest.fixture
async def beside(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of our own to the PostgreSQL that `postgres_url` names: to hold locks at a chosen moment."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture
def until_waiting(beside: asyncpg.Connection) -> Callable[[int], Awaitable[None]]:
    """Returns when so many others wait for locks in that database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def waiting(number: int) -> None:
        async with asyncio.timeout(20):
            while await beside.fetchval(query) < number:  # noqa: ASYNC110 - the database knows, and does not tell
                await asyncio.sleep(0.02)

    return waiting


@pytest.fixture(params=["sqlite", "postgres"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where nobody made a ledger yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.db'}"
    found: str = request.getfixturevalue("bare_postgres_url")
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty ledger is, or may be made."""
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


class Talk:
    """A person in the scope's thread."""

    def __init__(self, ledger: Ledger, scope: Scope) -> None:
        self._ledger, self._scope = ledger, scope

    async def say(self, text: str, answer: str = "So be it.", event: str = "") -> Turn:
        """One whole turn."""
        begun = await self._ledger.turns.begin(self._scope, "ana", text, "chat", event)
        return await self._ledger.turns.finish(self._scope, begun.take.id, answer, TakeStatus.COMPLETE)

    async def heard(self, window: int = 1000) -> list[str]:
        """What people said on the path to the head."""
        return [turn.text for turn in (await self._ledger.threads.conversation(self._scope, window)).window]

    async def drain(self) -> list[tuple[str, str]]:
        """Works the outbox off: what was in it."""
        jobs = await self._ledger.outbox.pending(10_000)
        await self._ledger.outbox.done(job.number for job in jobs)
        return [(job.record.value, job.id) for job in jobs]


@pytest.fixture
def talk(ledger: Ledger, scope: Scope, show: Show) -> Talk:
    return Talk(ledger, scope)


@pytest.fixture
def count_statements() -> Callable[[Ledger], AbstractContextManager[list[str]]]:
    """Lists the statements a ledger runs within the block."""

    @contextmanager
    def counting(ledger: Ledger) -> Iterator[list[str]]:
        ran: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            ran.append(statement)

        engine = ledger._database.engine
        event.listen(engine, "before_cursor_execute", note)
        yield ran
        event.remove(engine, "before_cursor_execute", note)

    return counting
