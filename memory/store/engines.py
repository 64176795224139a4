"""Engines: SQLAlchemy's, for the URL of a ledger, each set up to keep what it is given.

Knows nothing of transactions or of what is stored.
"""

from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from memory.errors import LedgerSetting

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+aiosqlite": "sqlite+pysqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


def address_of(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise LedgerSetting("The ledger's URL cannot be read; write sqlite:///FILE or postgresql://...") from error
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise LedgerSetting(
            f"The ledger cannot be kept in {address.drivername}; write sqlite:///FILE or postgresql://..."
        )
    return address.set(drivername=driver)


def engine_at(address: URL, patience: float) -> Engine | AsyncEngine:
    if address.get_backend_name() == "postgresql":
        try:
            # A program that sleeps in the middle of a transaction must not keep its locks from the others.
            bounds = dict.fromkeys(("lock_timeout", "idle_in_transaction_session_timeout"), f"{patience * 1000:.0f}")
            waits = {"timeout": patience, "server_settings": bounds}
            return create_async_engine(address, pool_pre_ping=True, connect_args=waits)
        except ModuleNotFoundError as error:
            raise LedgerSetting("PostgreSQL needs one more package; install dramaturg[postgres].") from error
    # No isolation level: the driver then starts no transactions of its own, and DDL stays inside ours.
    given = {"timeout": patience, "isolation_level": None, "check_same_thread": False}
    engine = create_engine(address, connect_args=given)
    event.listen(engine, "connect", settle_sqlite)
    event.listen(engine, "begin", _start_sqlite)
    return engine


def settle_sqlite(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is forgotten is written over
    cursor.close()


def _start_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if level := options.get("synchronous"):  # it cannot be set once a transaction has begun
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    if start := options.get("start"):
        connection.exec_driver_sql(start)
