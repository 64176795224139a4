"""The reader: documents from files, by way of a child process that may die of them.

The calling event loop only passes lines on. Knows nothing of any format.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from vectorstore.errors import Unreadable
from vectorstore.ingest.document import Document, Limits
from vectorstore.ingest.wire import MOST, Receipt, line

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = "vectorstore.ingest.child"
# Libraries keep a little of every file; a fresh child now and then keeps the memory limit honest.
_READS = 500
# What a parser needs from the environment. Tokens and passwords stay here.
_PASSED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_T = TypeVar("_T")


class Reader:
    """Reads one file at a time; callers wait their turn. The child process starts with the first file and is replaced
    when a file kills it. ``close`` it in the end, or use it as an async context manager."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._child: Process | None = None
        self._reads = 0
        self._closed = False

    async def read(self, path: Path, limits: Limits | None = None) -> Document:
        """The document at ``path``. Raises Unreadable with the reason; the next file is not concerned."""
        return await self._ask("read", path, limits or Limits(), Receipt().take)

    async def digest(self, path: Path, limits: Limits | None = None) -> str:
        """The SHA-256 of the file's bytes in hex, to tell an unchanged file without parsing it. Raises Unreadable."""
        return await self._ask("digest", path, limits or Limits(), lambda message: str(message["digest"]))

    async def close(self) -> None:
        """End the child. A read that is under way ends as Unreadable, and so does any later one."""
        self._closed = True
        await self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, do: str, path: Path, limits: Limits, take: Callable[[dict[str, Any]], _T | None]) -> _T:
        """Send one request and hand each message of the answer to ``take`` until it gives a result."""
        async with self._turn:
            settled = False
            try:
                async with asyncio.timeout(limits.wall):
                    child = await self._ready(path)
                    await _say(child, line({"do": do, "path": str(path), "limits": asdict(limits)}))
                    while True:
                        message = await _hear(child)
                        if "refused" in message:
                            settled = not message.get("leave")
                            raise Unreadable(path, message["refused"])
                        result = take(message)
                        if result is not None:
                            settled = True
                            return result
            except TimeoutError as error:
                raise Unreadable(path, f"it took longer than {limits.wall:g} s") from error
            except (ConnectionError, EOFError, ValueError, LookupError, TypeError) as error:
                raise Unreadable(path, await self._autopsy(limits)) from error
            finally:
                # Also when the caller was cancelled: half an answer in the pipe belongs to nobody.
                if not settled:
                    await self._end()

    async def _ready(self, path: Path) -> Process:
        if self._closed:
            raise Unreadable(path, "the reader is closed")
        if self._reads >= _READS:
            await self._end()
        if self._child is None or self._child.returncode is not None:
            self._child = await _start()
            self._reads = 0
        self._reads += 1
        return self._child

    async def _autopsy(self, limits: Limits) -> str:
        """Why the child ended in mid-answer."""
        child = self._child
        code = await child.wait() if child and not self._closed and child.stdout and child.stdout.at_eof() else None
        if self._closed:
            return "the reader was closed meanwhile"
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return f"it needs more than {limits.cpu} s of processor time"
        if code is not None and code < 0:
            return f"it crashed its parser ({signal.Signals(-code).name})"
        return "its parser ended without an answer"

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            child.kill()
        if child.stdin:
            child.stdin.close()
        ended = asyncio.ensure_future(child.wait())
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:  # it was killed: this does not take long, and nobody else will look after it
            await ended
            raise


async def _start() -> Process:
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    # -P: a json.py in the folder that somebody stands in is not Python's. Its own session: Ctrl-C is ours to judge.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-X", "utf8", "-m", _CHILD),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        limit=MOST,
        env={**environment, "PYTHONPATH": path},
        start_new_session=True,
    )


async def _say(child: Process, request: bytes) -> None:
    assert child.stdin is not None
    child.stdin.write(request)
    await child.stdin.drain()


async def _hear(child: Process) -> dict[str, Any]:
    """One message. Raises EOFError when the child is gone, ValueError when it talks nonsense."""
    assert child.stdout is not None
    answer = await child.stdout.readline()
    if not answer.endswith(b"\n"):
        raise EOFError
    message = json.loads(answer)
    if not isinstance(message, dict):
        raise ValueError("a message is an object")
    # Reading from a full buffer never yields; others want the loop too.
    await asyncio.sleep(0)
    return message
