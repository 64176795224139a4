"""The ledger: what was said and decided, in SQL. The only truth; the index follows it.

Knows nothing of search, models or platforms. Loads SQLAlchemy, so only the composition root
imports it.
"""

from contextlib import AsyncExitStack
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from memory.store.bible import Bible
from memory.store.canon import Canon
from memory.store.database import Database, connect
from memory.store.inbox import Inbox
from memory.store.indexable import Indexable
from memory.store.leases import Leases
from memory.store.migrate import migrate
from memory.store.outbox import Outbox
from memory.store.profile import Profile
from memory.store.shows import Shows
from memory.store.sources import Sources
from memory.store.threads import Threads
from memory.store.turns import Turns

PATIENCE = 10.0


class Ledger:
    """Its parts, over one database. Every call of a part is one transaction: all of it is on the
    disk when the call returns, or nothing is. Calls may run at the same time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.shows = Shows(database)
        self.threads = Threads(database)
        self.turns = Turns(database)
        self.canon = Canon(database)
        self.bible = Bible(database)
        self.sources = Sources(database)
        self.profile = Profile(database)
        self.outbox = Outbox(database)
        self.inbox = Inbox(database)
        self.leases = Leases(database)
        self.indexable = Indexable(database)

    @classmethod
    async def open(cls, url: str, patience: float = PATIENCE) -> Self:
        """The ledger at ``sqlite:///FILE`` or ``postgresql://...``, made or brought up to date first.
        ``patience`` is how many seconds to wait for another program's write.

        Raises LedgerSetting, LedgerTooNew, LedgerUnavailable, LedgerBusy.
        """
        database = await connect(url, patience)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(database.close)
            await migrate(database)
            undo.pop_all()
        return cls(database)

    @property
    def engine(self) -> AsyncEngine:
        """For a library that keeps tables of its own beside ours."""
        return self._database.beside

    async def close(self) -> None:
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
