"""Renewal: an index that has grown, or that something was forgotten of, is made anew beside the one that serves, and
takes its place.

Searches go on all the time. Writes wait while the files are copied, for about a second a gigabyte; after
that the store that serves remembers what was written, and the next one is brought level with it before it
takes over. Whatever dies in between, what serves is whole, and the other is thrown away. Knows nothing of
what the calls do.
"""

import asyncio
import logging
import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from vectorstore.errors import IndexFault
from vectorstore.generation import COPIED, DONE, clean, discard, renew, sweep
from vectorstore.worker import Worker

log = logging.getLogger(__name__)

_SPAWN = multiprocessing.get_context("spawn")
_AT_ONCE = 32  # passages brought over in one call, so that a search waits for a few milliseconds at most
_REST = 600.0  # seconds before what failed is tried again


class Renewal:
    """Works on the shard that ``worker`` keeps. Belongs to the event loop that first looks."""

    def __init__(self, worker: Worker, dimension: int) -> None:
        self._worker = worker
        self._dimension = dimension
        self._task: asyncio.Task[None] | None = None
        self._copied: asyncio.Future[None] | None = None
        self._process: BaseProcess | None = None
        self._after = 0.0
        self._bare = False

    @property
    def pid(self) -> int | None:
        """The process that makes the next generation, None while there is none."""
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    def begin(self, bare: bool = False) -> None:
        """Make the next generation behind, unless that has just failed. A ``bare`` one holds nothing of what was
        forgotten by now, so that where one is being made another follows."""
        self._bare = self._bare or bare
        if (self._task is None or self._task.done()) and time.monotonic() >= self._after:
            self._task = asyncio.create_task(self._run(), name="index renewal")

    async def quiet(self) -> None:
        """Returns when the shard's files are not being copied: whoever writes waits for it."""
        while self._copied is not None and not self._copied.done():
            await asyncio.wait({self._copied})

    async def settled(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while await self._renewed() and self._bare:
            pass

    async def _renewed(self) -> bool:
        """Whether the next generation serves."""
        bare, self._bare = self._bare, False
        self._copied = asyncio.get_running_loop().create_future()
        target = ""
        try:
            store, target = await self._worker.call("freeze")
            await self._make(store, target, bare)
            while await self._worker.call("follow", target, _AT_ONCE):
                pass
            await self._worker.call("switch", target)
            await asyncio.to_thread(sweep, Path(target).parent)
            if bare and not self._bare:
                clean(Path(target).parent)
            return True
        except (IndexFault, OSError, EOFError) as fault:
            self._bare = self._bare or bare
            self._after = time.monotonic() + _REST
            log.warning("The index could not be optimized and goes on as it is: %s", fault or "its process died")
            return False
        finally:
            self._free()
            if target:
                await asyncio.to_thread(discard, Path(target))

    async def _make(self, store: str, target: str, bare: bool) -> None:
        """Raises EOFError when the process dies."""
        hear, report = _SPAWN.Pipe(duplex=False)
        leash, hold = _SPAWN.Pipe(duplex=False)
        given = (report, leash, store, target, self._dimension, bare)
        process = self._process = _SPAWN.Process(target=renew, args=given, name="optimizer", daemon=True)
        with ThreadPoolExecutor(1, thread_name_prefix="optimizer") as thread:
            loop = asyncio.get_running_loop()
            starting = loop.run_in_executor(thread, process.start)
            try:
                await asyncio.wait({starting})
                starting.result()
                report.close()
                leash.close()
                await _expect(COPIED, loop.run_in_executor(thread, hear.recv))
                self._free()
                await _expect(DONE, loop.run_in_executor(thread, hear.recv))
            finally:  # the process ends first: that ends the waiting for its word
                await asyncio.wait({starting})
                await asyncio.to_thread(_end, process, report, leash, hold)
                await loop.run_in_executor(thread, hear.close)

    def _free(self) -> None:
        if self._copied is not None and not self._copied.done():
            self._copied.set_result(None)


async def _expect(word: str, heard: "asyncio.Future[str]") -> None:
    heard.add_done_callback(lambda done: done.cancelled() or done.exception())
    if (said := await asyncio.shield(heard)) != word:
        raise IndexFault(said)


def _end(process: BaseProcess, *ends: Connection) -> None:
    for end in ends:
        end.close()
    if process.pid is not None:
        process.kill()
        process.join()
