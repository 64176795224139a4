"""Brings a database to the tables this program knows. Knows nothing of what they hold.

All steps run in one transaction under a lock that other programs wait for: a crash in the middle
leaves the tables as they were, and two programs that start at once migrate once.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from memory.errors import LedgerSetting, LedgerTooNew
from memory.store.database import Database

VERSION_TABLE = "ledger_version"
_LOCK = 0x6C6564676572  # any number, the same in every program


async def migrate(database: Database) -> None:
    """Raises LedgerTooNew, LedgerSetting, LedgerUnavailable."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations").replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    async with database.reading() as connection:
        if await connection.run_sync(_current) == script.get_current_head():
            return
    async with database.writing() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_upgrade, config, script, database.place)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _upgrade(connection: Connection, config: Config, script: ScriptDirectory, place: str) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    current = _current(connection)
    if current is not None and current not in known:
        raise LedgerTooNew(
            f"The ledger {place} was written by a newer Dramaturg (its tables are {current}); update the program."
        )
    if current is None and connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise LedgerSetting(f"The file {place} belongs to another program; name another file for the ledger.")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
