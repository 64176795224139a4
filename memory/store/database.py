"""One database and its kinds of transaction.

Knows nothing of what is stored; only that who lost a lease may not write. SQLite by default, PostgreSQL by URL. What a
transaction wrote is on the disk when it ends, or the ledger does not open.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from memory.errors import LedgerBusy, LedgerSetting, LedgerUnavailable
from memory.store.engines import address_of, engine_at, settle_sqlite
from memory.store.failures import Sentences
from memory.store.fence import stand

_THREADS = 6  # calls of SQLite at once: one may write, the others read beside it

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Part(Protocol):
    _db: "Database"


_Self = TypeVar("_Self", bound=_Part)


def whole(
    call: Callable[Concatenate[_Self, _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate[_Self, _P], Coroutine[Any, Any, _T]]:
    """For a call that is one transaction: it may wait for nothing but its database."""

    @wraps(call)
    async def carried(self: _Self, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await self._db.carry(call(self, *args, **kwargs))

    return carried


class Database:
    """A pool of connections. ``reading`` sees one snapshot; ``writing`` and ``noting`` are all or nothing."""

    def __init__(self, engine: Engine | AsyncEngine) -> None:
        self._engine = engine
        self._beside: AsyncEngine | None = None
        self.dialect = engine.dialect.name
        self.place = engine.url.database or "" if isinstance(engine, Engine) else engine.url.render_as_string()
        self._threads: ThreadPoolExecutor | None = None
        # SQLite has one writer. Its own waiting is a lottery; ours is not.
        self._turnstile = threading.Lock()
        if isinstance(engine, Engine):
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger")
            self._reads: Any = engine.execution_options(start="BEGIN")
            self._writes: Any = engine.execution_options(start="BEGIN IMMEDIATE", synchronous="FULL")
            self._notes: Any = engine.execution_options(start="BEGIN IMMEDIATE", synchronous="NORMAL")
        else:
            self._reads = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._writes = self._notes = engine

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's own, for listening to it."""
        return self._engine if isinstance(self._engine, Engine) else self._engine.sync_engine

    @property
    def beside(self) -> AsyncEngine:
        """The same database for a library that is async all through and keeps tables of its own. Raises
        LedgerSetting."""
        if isinstance(self._engine, AsyncEngine):
            return self._engine
        if self._beside is None:
            try:
                self._beside = create_async_engine(self._engine.url.set(drivername="sqlite+aiosqlite"))
            except ModuleNotFoundError as error:
                raise LedgerSetting(
                    "Many workspaces on SQLite need one more package; install dramaturg[slack]."
                ) from error
            event.listen(self._beside.sync_engine, "connect", settle_sqlite)
        return self._beside

    async def carry(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Does one transaction's work. A caller that is cancelled waits for it to end before it goes:
        drivers break when they are cancelled in the middle of a statement.

        SQLite's work is done in one thread from its first statement to its last. Handing each statement
        over by itself took ten times as long as the statements do.
        """
        if self._threads is None:
            done: asyncio.Future[_T] = asyncio.ensure_future(work)
        else:
            try:
                # The context goes along: it holds the lease that the caller works under.
                here = contextvars.copy_context()
                done = asyncio.get_running_loop().run_in_executor(self._threads, here.run, _at_one_go, work)
            except RuntimeError as error:
                work.close()
                raise LedgerUnavailable("The ledger is closed; start the program again.") from error
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait((done,))
            if not done.cancelled():
                done.exception()  # nobody is left to hear it
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view. Raises LedgerUnavailable."""
        with Sentences(self.place):
            async with self._begun(self._reads) as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A change, on the disk when the block ends. Raises LedgerUnavailable, LedgerBusy; LeaseLost where
        the caller works under a lease that another has now."""
        async with self._changing(self._writes) as connection:
            yield connection

    @asynccontextmanager
    async def noting(self) -> AsyncIterator[AsyncConnection]:
        """As `writing`, for what can be done again from what was written before. It outlives the program; when
        the power fails it may be gone, so that it need not wait for the disk. Only in SQLite, where the power
        that fails is also that of everybody who relies on it: a lease that PostgreSQL forgets is still held."""
        async with self._changing(self._notes) as connection:
            yield connection

    @asynccontextmanager
    async def _changing(self, engine: Any) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            if self._threads:
                stack.enter_context(self._turnstile)
            stack.enter_context(Sentences(self.place))
            connection = await stack.enter_async_context(self._begun(engine))
            await stand(connection)
            yield connection

    @asynccontextmanager
    async def _begun(self, engine: Any) -> AsyncIterator[AsyncConnection]:
        if self._threads is None:
            async with engine.begin() as connection:
                yield connection
        else:
            with engine.begin() as connection:
                yield cast(AsyncConnection, _Direct(connection))

    async def close(self) -> None:
        if self._beside is not None:
            await self._beside.dispose()
        if self._threads is None:
            await cast(AsyncEngine, self._engine).dispose()
        else:
            await asyncio.to_thread(self._threads.shutdown)
            self.engine.dispose()


class _Direct:
    """A connection that never waits for the event loop, under the names of one that does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)

    async def run_sync(self, call: Callable[..., _T], *args: Any) -> _T:
        return call(self._connection, *args)


def _at_one_go(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        work.send(None)
    except StopIteration as done:
        return cast(_T, done.value)
    work.close()
    raise RuntimeError("A call of the ledger waited for something other than its database.")


async def connect(url: str, patience: float) -> Database:
    """The database at ``url``, made sure to keep what it is given. ``patience`` is how many seconds
    to wait for another program's write. Raises LedgerSetting, LedgerUnavailable."""
    database = Database(engine_at(address_of(url), patience))
    async with AsyncExitStack() as undo:
        undo.push_async_callback(database.close)
        if database.dialect == "sqlite":
            await asyncio.to_thread(_keep_by_wal, database, patience)
        else:
            await _keep_by_commit(database)
        undo.pop_all()
    return database


def _keep_by_wal(database: Database, patience: float) -> None:
    """Turns the write-ahead log on; it stays on in the file. Two programs that open a fresh file
    at once collide here without SQLite's own waiting, hence the loop."""
    for left in range(max(1, round(patience * 20)), -1, -1):
        try:
            with Sentences(database.place), database.engine.connect() as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar_one()
            break
        except LedgerBusy:
            if not left:
                raise
            time.sleep(0.05)
    if mode != "wal":
        raise LedgerSetting(
            f"The ledger {database.place or 'in memory'} would lose what it is told; name a file on a local disk."
        )


async def _keep_by_commit(database: Database) -> None:
    async with database.reading() as connection:
        for setting, bad in (("synchronous_commit", "off"), ("fsync", "off")):
            if (await connection.execute(text(f"SHOW {setting}"))).scalar_one() == bad:
                raise LedgerSetting(
                    f"PostgreSQL runs with {setting}={bad} and would lose turns; set it to on and start again."
                )
        if (await connection.execute(text("SHOW server_encoding"))).scalar_one() != "UTF8":
            raise LedgerSetting(f"The database {database.place} is not in UTF8; create one that is.")
