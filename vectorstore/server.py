"""The index in a Qdrant server or cluster, which several programs may share.

Ranking a search holds the interpreter's lock for twenty milliseconds, so it is done in a process of its own, as it is
for the embedded engine; and there the blocking client is the right one. Searches do not wait for changes. Knows nothing
of how passages are ranked, of the ledger or of the embedder.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any

from vectorstore.address import Address
from vectorstore.apart import Apart
from vectorstore.errors import StoreAway, StoreUnmade
from vectorstore.store import Entered
from vectorstore.worker import Worker

log = logging.getLogger(__name__)

_AT_ONCE = 64  # passages in one call

Dimension = Callable[[], Awaitable[int]]
"""How many numbers a vector has. For some embedders a model must be loaded to tell, and so it is asked for only where a
collection is to be made."""


class ServerStore(Apart):
    """A Store at an ``Address``. Made by ``open``."""

    def __init__(self, worker: Worker, address: Address, dimension: Dimension) -> None:
        super().__init__(worker)
        self._address = address
        self._dimension = dimension
        self._opened = False

    @classmethod
    async def open(
        cls,
        address: Address,
        embedder: str,
        dimension: Dimension,
        anew: bool = False,
        first: Callable[[], Awaitable[None]] | None = None,
    ) -> "ServerStore":
        """Open the collection, or make it; ``anew`` empties it, once ``first`` is done. A server that does not answer now is opened when it
        does: until then each call raises StoreAway, searches at once, and only ``anew`` raises it here.

        Raises StoreDamaged when another embedder made it, IndexFault when the server refuses us or is too old.
        """
        if address.exposed:
            log.warning("The index's key goes to %s unencrypted; use https:// there.", address.url)
        store = cls(Worker("index", _remote, address, embedder, lanes=True), address, dimension)
        try:
            if first is not None:
                await first()
            await (store._call("renew", await dimension()) if anew else store._call("open"))
        except StoreAway as fault:
            if anew:
                await store.close()
                raise
            log.warning("%s", fault)
        except BaseException:
            await store.close()
            raise
        return store

    async def put(self, entered: Sequence[Entered]) -> None:
        for start in range(0, len(entered), _AT_ONCE):
            await self._call("put", entered[start : start + _AT_ONCE])

    async def drop(self, record: str, keep: Sequence[str]) -> None:
        await self._call("drop", record, keep)

    async def clear(self) -> None:
        await self._call("clear")

    async def keep(self) -> None:
        """The server's log is the server's own."""

    async def purge(self) -> None:
        """A server lets go of it when it optimizes next, which is its own affair."""

    async def place(self) -> str:
        version = await self._read("version")
        return f"{self._address.url} (Qdrant {version}, collection {self._address.collection})"

    async def settled(self) -> None:
        """A server optimizes by itself, and answers meanwhile."""

    async def close(self) -> None:
        await self._worker.close()

    async def _call(self, method: str, *args: Any, urgent: bool = False) -> Any:
        """A collection that was never there is made; one that is gone is not, since what it held is gone, too."""
        try:
            answer = await super()._call(method, *args, urgent=urgent)
        except StoreUnmade:
            if self._opened:
                raise
            await super()._call("open", await self._dimension())
            answer = await super()._call(method, *args, urgent=urgent)
        self._opened = self._opened or method != "version"  # which needs no collection
        return answer


def _remote(address: Address, embedder: str) -> Any:
    """Made in the child, so that only it loads the client."""
    return import_module("vectorstore.remote").Remote(address, embedder)
