"""The embedded engine: one qdrant-edge shard in a folder, in a process of its own.

The process keeps the lock, the write-ahead log and every call that would hold the interpreter's
lock away from the room. Knows nothing of ranking, of the ledger or of the embedder.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from vectorstore.renewal import Renewal
from vectorstore.sight import Where
from vectorstore.store import Arm, Asked, Entered, Packed, Stored, Terms, unpacked
from vectorstore.worker import Worker

_AT_ONCE = 64  # passages in one call, so that a search waits for a few milliseconds at most


class EdgeStore:
    """A Store in ``folder``. Made by ``open``."""

    def __init__(self, worker: Worker, dimension: int) -> None:
        self._worker = worker
        self._renewal = Renewal(worker, dimension)

    @classmethod
    async def open(
        cls, folder: Path, embedder: str, dimension: int, program: str, anew: bool = False, step: int = 0
    ) -> "EdgeStore":
        """Open what is in the folder, or make it; ``anew`` throws away what was there. It is optimized behind
        whenever it has grown by ``step`` passages (0: as many as can be scanned) and by a fifth.

        Raises StoreLocked, or StoreDamaged when it cannot be read or another embedder made it.
        """
        worker = Worker("index", _shard, folder, embedder, dimension, program, step)
        try:
            await worker.call("renew" if anew else "open")
        except BaseException:
            await worker.close()
            raise
        store = cls(worker, dimension)
        if await worker.call("due"):
            store._renewal.begin()
        return store

    @property
    def pid(self) -> int | None:
        """The process the shard lives in."""
        return self._worker.pid

    @property
    def optimizer(self) -> int | None:
        """The process that optimizes the index's next generation, None while there is none."""
        return self._renewal.pid

    async def arms(self, where: Where, asked: Asked) -> Sequence[Arm]:
        found: Sequence[Arm] = await self._worker.call("arms", where, asked, urgent=True)
        return found

    async def terms(self, where: Where, texts: Sequence[str]) -> Sequence[Terms]:
        found: Sequence[Terms] = await self._worker.call("terms", where, texts, urgent=True)
        return found

    async def read(
        self, where: Where, ids: Sequence[str], depths: Sequence[int], terms: Sequence[Terms]
    ) -> Sequence[Stored]:
        found: Sequence[Packed] = await self._worker.call("read", where, ids, depths, terms, urgent=True)
        return [unpacked(one) for one in found]

    async def put(self, entered: Sequence[Entered]) -> None:
        due = False
        for start in range(0, len(entered), _AT_ONCE):
            due = await self._write("put", entered[start : start + _AT_ONCE])
        if due:
            self._renewal.begin()

    async def drop(self, record: str, keep: Sequence[str]) -> None:
        await self._write("drop", record, keep)

    async def fingerprints(self, show: str, ids: Sequence[str] | None) -> Mapping[str, str]:
        found: Mapping[str, str] = await self._worker.call("fingerprints", show, ids)
        return found

    async def clear(self) -> None:
        await self._write("clear")

    async def settled(self) -> None:
        """Returns when the index is not being optimized any more."""
        await self._renewal.settled()

    async def close(self) -> None:
        await self._renewal.close()
        await self._worker.close()

    async def _write(self, method: str, *args: Any) -> Any:
        await self._renewal.quiet()
        return await self._worker.call(method, *args)


def _shard(folder: Path, embedder: str, dimension: int, program: str, step: int) -> Any:
    """Made in the child, so that only it loads Qdrant."""
    shard = import_module("vectorstore.shard")
    return shard.Shard(folder, embedder, dimension, program, step or shard.STEP)
