"""The embedded engine: one qdrant-edge shard in a folder, in a process of its own.

The process keeps the lock, the write-ahead log and every call that would hold the interpreter's
lock away from the room. Knows nothing of how passages are ranked, of the ledger or of the embedder.
"""

import asyncio
import ctypes
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from vectorstore.apart import Apart
from vectorstore.generation import keep_log, owe, owed
from vectorstore.renewal import Renewal
from vectorstore.store import Entered
from vectorstore.worker import Worker

_HELD = 32 << 20  # bytes that the process keeps for its next search
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them
_AT_ONCE = 64  # passages in one call, so that a search waits for a few milliseconds at most


class EdgeStore(Apart):
    """A Store in ``folder``. Made by ``open``."""

    def __init__(self, worker: Worker, folder: Path, dimension: int) -> None:
        super().__init__(worker)
        self._folder = folder
        self._renewal = Renewal(worker, dimension)

    @classmethod
    async def open(
        cls,
        folder: Path,
        embedder: str,
        dimension: int,
        program: str,
        anew: bool = False,
        step: int = 0,
        first: Callable[[], Awaitable[None]] | None = None,
    ) -> "EdgeStore":
        """Open what is in the folder, or make it; ``anew`` throws away what was there, once ``first`` is done,
        which finds the folder ours. It is optimized behind whenever it has grown by ``step`` passages (0: as many
        as can be scanned) and by a fifth.

        Raises StoreLocked, or StoreDamaged when it cannot be read or another embedder made it.
        """
        worker = Worker("index", _shard, folder, embedder, dimension, program, step)
        try:
            if first is not None:
                await worker.start()
                await first()
            await worker.call("renew" if anew else "open")
        except BaseException:
            await worker.close()
            raise
        store = cls(worker, folder, dimension)
        bare = await asyncio.to_thread(owed, folder)
        if bare or await worker.call("due"):
            store._renewal.begin(bare)
        return store

    @property
    def optimizer(self) -> int | None:
        """The process that optimizes the index's next generation, None while there is none."""
        return self._renewal.pid

    async def put(self, entered: Sequence[Entered]) -> None:
        due = False
        for start in range(0, len(entered), _AT_ONCE):
            due = await self._write("put", entered[start : start + _AT_ONCE])
        if due:
            self._renewal.begin()

    async def drop(self, record: str, keep: Sequence[str]) -> None:
        await self._write("drop", record, keep)

    async def clear(self) -> None:
        await self._write("clear")

    async def keep(self) -> None:
        await asyncio.to_thread(keep_log, self._folder)

    async def purge(self) -> None:
        """As a new generation is made behind, also by the next program if this one ends before."""
        self._renewal.begin(bare=True)
        await asyncio.to_thread(owe, self._folder)

    async def place(self) -> str:
        return str(self._folder)

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
    _hold_on()
    shard = import_module("vectorstore.shard")
    return shard.Shard(folder, embedder, dimension, program, step or shard.STEP)


def _hold_on() -> None:
    """A search takes half a megabyte here and there. Given back to the system each time, as glibc does from 128 kB
    on, it has to be got and zeroed anew page by page: a tenth of a search's time and more."""
    with suppress(AttributeError, OSError, TypeError):  # another libc
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _HELD)
        libc.mallopt(_TRIM_THRESHOLD, _HELD)
