"""Brings a database to the tables this program knows. Knows nothing of what they hold.

All steps run in one transaction under a lock that other programs wait for: a crash in the middle
leaves the tables as they were, and two programs that start at once migrate once.
"""

import asyncio
import importlib
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from memory.store.database import Database

VERSION_TABLE = "ledger_version"
_LOCK = 0x6C6564676572  # any number, the same in every program
_SCRIPTS = Path(__file__).parents[1] / "migrations"


async def migrate(database: Database) -> None:
    """Raises LedgerTooNew, LedgerSetting, LedgerUnavailable."""
    if await database.carry(_revision(database)) != newest():
        steps = await asyncio.to_thread(importlib.import_module, "memory.store.upgrade")
        await database.carry(_take(database, steps))


async def _revision(database: Database) -> str | None:
    async with database.reading() as connection:
        return await connection.run_sync(_current)


async def _take(database: Database, steps: Any) -> None:
    async with database.writing() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        current = await connection.run_sync(_current)
        await connection.run_sync(steps.upgrade, str(_SCRIPTS), current, database.place)


def newest() -> str:
    """The revision of this program's tables: the files of the steps are named after theirs."""
    return max(path.stem.partition("_")[0] for path in (_SCRIPTS / "versions").glob("r*.py"))


def _current(connection: Connection) -> str | None:
    """The revision the database is at, without loading Alembic for every start."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()
