"""A ledger opens whole or says in one sentence why not."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from memory import (
    LedgerBusy,
    LedgerSetting,
    LedgerTooNew,
    LedgerUnavailable,
    Letter,
    LetterState,
    Scope,
    TakeStatus,
)
from memory.ledger import Ledger
from memory.store.migrate import VERSION_TABLE
from memory.store.reach import hold_show
from memory.tables import metadata

ROOT = Path(__file__).parents[2]
ROOM = Scope("slack", "T1", "C1", "1.0")


def is_a_sentence(caught):
    said = str(caught.value)
    return "\n" not in said and said.endswith(".") and said[0].isupper()


async def test_two_programs_that_open_a_fresh_ledger_at_once_migrate_once(bare_url):
    ledgers = await asyncio.gather(*(Ledger.open(bare_url) for _ in range(4)))
    async with ledgers[0]._database.reading() as tx:
        versions = (await tx.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalars().all()
    assert len(versions) == 1
    shows = await asyncio.gather(*(ledger.shows.ensure("T1", "Same") for ledger in ledgers))
    assert len({show.id for show in shows}) == 1
    for ledger in ledgers:
        await ledger.close()


async def test_the_migrations_make_the_tables_the_program_knows(ledger):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return compare_metadata(context, metadata)

    async with ledger._database.reading() as tx:
        assert await tx.run_sync(differences) == []


async def test_what_was_written_is_there_after_closing_and_opening_again(url):
    async with await Ledger.open(url) as ledger:
        show = await ledger.shows.ensure("T1", "Kept", "brief", "style")
    async with await Ledger.open(url) as ledger:
        assert await ledger.shows.get("T1", show.id) == show


async def test_a_ledger_of_a_newer_program_is_refused(url):
    async with await Ledger.open(url) as ledger, ledger._database.writing() as tx:
        await tx.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = 'r9999'"))
    with pytest.raises(LedgerTooNew) as caught:
        await Ledger.open(url)
    assert is_a_sentence(caught)


async def test_sqlite_keeps_what_it_was_told_through_a_power_cut(tmp_path):
    async with await Ledger.open(f"sqlite:///{tmp_path / 'l.db'}") as ledger, ledger._database.writing() as tx:
        settings = {}
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout"):
            settings[name] = (await tx.execute(text(f"PRAGMA {name}"))).scalar_one()
    kept = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 10_000}
    assert settings == kept


async def test_sqlite_waits_for_the_disk_with_all_that_cannot_be_done_again(tmp_path):
    waited: list[bool] = []

    def note(connection):
        waited.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2)

    async with await Ledger.open(f"sqlite:///{tmp_path / 'l.db'}") as ledger:
        await ledger.threads.open(ROOM, (await ledger.shows.ensure("T1", "Show")).id)
        event.listen(ledger._database.engine, "commit", note)
        kept = await ledger.inbox.put(Letter("message", "Ev1", ROOM, "ana", text="Who rings?"))
        assert waited == [True], "what a person said is kept before it is acknowledged"
        await ledger.leases.claim(ROOM, "me", 10)
        await ledger.inbox.take(ROOM, [kept.number])
        begun = await ledger.turns.begin(ROOM, "ana", "Who rings?", "chat", "Ev1")
        await ledger.turns.draft(ROOM, begun.take.id, "Mara")
        assert waited[1:] == [False] * 4, "what is done again from the letter"
        await ledger.turns.finish(ROOM, begun.take.id, "Mara rings.", TakeStatus.COMPLETE)
        await ledger.inbox.end(ROOM, kept.number, LetterState.DONE)
        assert waited[5:] == [True, True], "what was answered, and that it was"
        event.remove(ledger._database.engine, "commit", note)


async def test_a_postgresql_that_may_lose_turns_is_refused(postgres_url):
    async with await Ledger.open(postgres_url) as ledger:
        name = ledger._database.engine.url.database
        async with ledger._database.writing() as tx:
            await tx.execute(text(f"ALTER DATABASE {name} SET synchronous_commit=off"))
    with pytest.raises(LedgerSetting, match="synchronous_commit=off") as caught:
        await Ledger.open(postgres_url)
    assert is_a_sentence(caught)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "not a url", "sqlite+pysqlite:///x.db", ""]
)
async def test_an_address_that_keeps_nothing_is_refused(url):
    with pytest.raises(LedgerSetting) as caught:
        await Ledger.open(url)
    assert is_a_sentence(caught)


async def test_a_place_that_cannot_be_reached_is_named_without_its_password(tmp_path):
    for url in (f"sqlite:///{tmp_path}/no/such/l.db", f"postgresql://u:hushhush@/x?host={tmp_path}"):
        with pytest.raises(LedgerUnavailable) as caught:
            await Ledger.open(url, patience=0.2)
        assert is_a_sentence(caught)
        assert "hushhush" not in str(caught.value)


async def test_a_postgresql_without_the_database_or_the_role_is_told_apart(postgres):
    database = f"postgresql://tests@/nope?host={postgres}"
    role = f"postgresql://eve@/postgres?host={postgres}"
    for url, word in ((database, "no database"), (role, "name or password")):
        with pytest.raises(LedgerUnavailable, match=word) as caught:
            await Ledger.open(url)
        assert is_a_sentence(caught)


async def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path):
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"no database " * 1000)
    with pytest.raises(LedgerUnavailable) as caught:
        await Ledger.open(f"sqlite:///{junk}")
    assert is_a_sentence(caught)
    assert junk.read_bytes() == b"no database " * 1000
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(LedgerSetting) as caught:
        await Ledger.open(f"sqlite:///{tmp_path / 'other.db'}")
    assert is_a_sentence(caught)


async def test_a_read_only_ledger_says_so(tmp_path):
    file = tmp_path / "l.db"
    await (await Ledger.open(f"sqlite:///{file}")).close()
    async with await Ledger.open(f"sqlite:///file:{file}?mode=ro&uri=true") as ledger:
        assert await ledger.shows.all("T1") == ()
        with pytest.raises(LedgerUnavailable, match="only be read") as caught:
            await ledger.shows.ensure("T1", "x")
    assert is_a_sentence(caught)


async def test_a_ledger_another_program_is_writing_to_says_so_and_works_again_after(tmp_path):
    file = tmp_path / "l.db"
    async with await Ledger.open(f"sqlite:///{file}", patience=0.1) as ledger:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy) as caught:
            await ledger.shows.ensure("T1", "x")
        assert is_a_sentence(caught)
        assert await ledger.shows.all("T1") == ()
        other.execute("ROLLBACK")
        other.close()
        assert (await ledger.shows.ensure("T1", "x")).name == "x"


async def test_a_show_another_program_holds_on_postgresql_is_not_waited_for_forever(postgres_url):
    async with await Ledger.open(postgres_url) as other, await Ledger.open(postgres_url, patience=0.2) as ledger:
        show = await ledger.shows.ensure("T1", "x")
        async with other._database.writing() as tx:
            await hold_show(tx, "T1", show.id)
            with pytest.raises(LedgerBusy) as caught:
                await ledger.shows.describe("T1", show.id, "a", "b")
        assert is_a_sentence(caught)
        assert (await ledger.shows.describe("T1", show.id, "a", "b")).brief == "a"


async def test_a_full_disk_says_so_and_nothing_is_half_written(tmp_path):
    async with await Ledger.open(f"sqlite:///{tmp_path / 'l.db'}") as ledger:
        show = await ledger.shows.ensure("T1", "x")
        ledger._database.engine.dispose()

        def small(connection, record):
            connection.cursor().execute("PRAGMA max_page_count=1")  # SQLite takes it as: no more than there are

        event.listen(ledger._database.engine, "connect", small)
        with pytest.raises(LedgerUnavailable, match="disk") as caught:
            await ledger.shows.describe("T1", show.id, "long " * 100_000, "")
        assert is_a_sentence(caught)
        assert await ledger.shows.get("T1", show.id) == show


def run_with_small_files(code):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, preexec_fn=limit)


async def test_a_disk_that_refuses_says_so(tmp_path):
    """A child whose files may not grow: the write itself fails, as on a broken disk."""
    file = tmp_path / "l.db"
    await (await Ledger.open(f"sqlite:///{file}")).close()
    child = f"""
import asyncio
from memory import LedgerUnavailable
from memory.ledger import Ledger
async def main():
    async with await Ledger.open("sqlite:///{file}") as ledger:
        try:
            await ledger.shows.ensure("T1", "x", "long " * 200_000)
        except LedgerUnavailable as error:
            print(error)
asyncio.run(main())
"""
    done = await asyncio.to_thread(run_with_small_files, child)
    assert "disk" in done.stdout, done.stderr
    assert done.stdout.count("\n") == 1


def test_the_front_door_loads_no_sql():
    code = "import sys, memory; print([m for m in ('sqlalchemy', 'alembic', 'aiosqlite') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
