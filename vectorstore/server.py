"""The index in a Qdrant server or cluster, which several programs may share.

Ranking a search holds the interpreter's lock for twenty milliseconds, so it is done in a process of its own, as it is
for the embedded engine; and there the blocking client is the right one. Searches do not wait for changes. Knows nothing
of how passages are ranked, of the ledger or of the embedder.
"""

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vectorstore.address import Address
from vectorstore.errors import StoreAway
from vectorstore.query import Hit, Query
from vectorstore.sight import Where
from vectorstore.store import Arm, Asked, Entered
from vectorstore.worker import Worker

if TYPE_CHECKING:
    from vectorstore.find import Survey

log = logging.getLogger(__name__)

_AT_ONCE = 64  # passages in one call


class ServerStore:
    """A Store at an ``Address``. Made by ``open``."""

    def __init__(self, worker: Worker, address: Address) -> None:
        self._worker = worker
        self._address = address

    @classmethod
    async def open(cls, address: Address, embedder: str, dimension: int, anew: bool = False) -> "ServerStore":
        """Open the collection, or make it; ``anew`` empties it. A server that does not answer now is opened when it
        does: until then each call raises StoreAway, and only ``anew`` raises it here.

        Raises StoreDamaged when another embedder made it, IndexFault when the server refuses us or is too old.
        """
        if address.exposed:
            log.warning("The index's key goes to %s unencrypted; use https:// there.", address.url)
        worker = Worker("index", _remote, address, embedder, dimension, lanes=True)
        try:
            await worker.call("renew" if anew else "open")
        except StoreAway as fault:
            if anew:
                await worker.close()
                raise
            log.warning("%s", fault)
        except BaseException:
            await worker.close()
            raise
        return cls(worker, address)

    @property
    def pid(self) -> int | None:
        """The process the connection lives in."""
        return self._worker.pid

    async def find(self, where: Where, asked: Asked, query: Query) -> tuple[Sequence[Hit], Sequence[tuple[Hit, str]]]:
        found: tuple[Sequence[Hit], Sequence[tuple[Hit, str]]] = await self._read("find", where, asked, query)
        return found

    async def arms(self, where: Where, asked: Asked) -> Sequence[Arm]:
        """What each signal of the engine finds by itself: for who measures it."""
        found: Sequence[Arm] = await self._read("arms", where, asked)
        return found

    async def survey(self, where: Where, asked: Asked) -> "Survey":
        """All that a search would weigh: for who learns the weights."""
        found: Survey = await self._read("survey", where, asked)
        return found

    async def put(self, entered: Sequence[Entered]) -> None:
        for start in range(0, len(entered), _AT_ONCE):
            await self._worker.call("put", entered[start : start + _AT_ONCE])

    async def drop(self, record: str, keep: Sequence[str]) -> None:
        await self._worker.call("drop", record, keep)

    async def fingerprints(self, show: str, ids: Sequence[str] | None) -> Mapping[str, str]:
        found: Mapping[str, str] = await self._worker.call("fingerprints", show, ids)
        return found

    async def clear(self) -> None:
        await self._worker.call("clear")

    async def place(self) -> str:
        version = await self._read("version")
        return f"{self._address.url} (Qdrant {version}, collection {self._address.collection})"

    async def settled(self) -> None:
        """A server optimizes by itself, and answers meanwhile."""

    async def close(self) -> None:
        await self._worker.close()

    async def _read(self, method: str, *args: Any) -> Any:
        return await self._worker.call(method, *args, urgent=True)


def _remote(address: Address, embedder: str, dimension: int) -> Any:
    """Made in the child, so that only it loads the client."""
    return import_module("vectorstore.remote").Remote(address, embedder, dimension)
