"""Process: an engine in a process of its own, kept alive, seen from the program's event loop.

The child is reached over its standard input and output, so the loop reads it like any other stream,
and it ends when the program ends, by whatever death. Knows nothing of which engine runs in it.
"""

import asyncio
import json
import logging
import re
import sys
from asyncio.subprocess import PIPE
from asyncio.subprocess import Process as Child
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import asdict
from itertools import count
from typing import Any

from chains.errors import EngineLost, WriterError
from chains.local.wire import Frame, Spec, pack, receive

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from chains.local import child, wire; child.main(wire.Spec(**json.loads(sys.argv[2])))"
)
_STRIKES = 3  # deaths in a row before it was ever ready: then it is not bad luck
_PIECE, _LONGEST = 1 << 16, 4096  # bytes read of standard error at once, and kept of a line without an end
_LINE_END = re.compile(rb"[\r\n]+")
_PATIENCE = 2.0  # seconds a child may take to leave by itself

_log = logging.getLogger(__name__)


class Process:
    """Opens on `ready`; a child that dies is replaced behind. Belongs to one event loop.

    ``progress`` hears what loading says of itself: a sentence and the share done, 0 to 1."""

    def __init__(self, spec: Spec, progress: Callable[[str, float], None] | None = None) -> None:
        self._spec = spec
        self._progress = progress
        self._ids = count(1)
        self._open: dict[int, asyncio.Queue[Frame | None]] = {}
        self._child: Child | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._card: asyncio.Future[Frame] | None = None
        self._last_words = ""

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self._child.returncode is None else None

    async def ready(self) -> Frame:
        """What the engine says of itself. Raises WriterError where it cannot be loaded."""
        if self._keeper is None or self._keeper.done():
            self._card = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._watch(), name="engine keeper")
        assert self._card is not None
        return await asyncio.shield(self._card)

    async def exchange(self, do: str, ends: int = 1, **fields: Any) -> AsyncGenerator[Frame, None]:
        """Asks, and yields what comes back until ``ends`` frames said that something is over.

        Leaving early tells the engine to stop. Raises EngineLost where the process died on it, and
        WriterError where the engine refuses."""
        await self.ready()
        request = next(self._ids)
        queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._open[request] = queue
        try:
            self._send({"do": do, "id": request, **fields})
            while ends:
                frame = await queue.get()
                if frame is None:
                    raise EngineLost(f"The local model's process died while it wrote{self._why()}: ask again.")
                if frame["on"] == "refused":
                    ends = 0
                    raise WriterError(frame["reason"])
                ends -= frame["on"] in ("done", "value")
                yield frame
        finally:
            del self._open[request]
            if ends:
                self._send({"do": "stop", "id": request})

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._card is not None and not self._card.done():
            self._card.cancel()

    def _send(self, frame: Frame) -> None:
        if self._child is not None and self._child.stdin is not None and not self._child.stdin.is_closing():
            self._child.stdin.write(pack(frame))

    async def _watch(self) -> None:
        """Whoever waits hears of it where no child can be started at all, as when there is no room for one more."""
        try:
            await self._keep()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self._lost(f"The local model's process cannot be started ({reason}): free some memory, or ask later.")

    def _lost(self, reason: str) -> None:
        if self._card is not None and not self._card.done():
            self._card.set_exception(WriterError(reason))
            self._card.exception()  # seen: nobody may be waiting

    async def _keep(self) -> None:
        """One child after the other, as long as they come to life at all."""
        strikes = 0
        while strikes < _STRIKES:
            lived = await self._run()
            strikes = 0 if lived else strikes + 1
            if self._card is not None and self._card.done() and not lived:
                return  # it said why it cannot load
        self._lost(f"The local model's process dies while loading{self._why()}: run `dramaturg doctor`.")

    async def _run(self) -> bool:
        """One child's life. True if it was ever ready."""
        child = await self._spawn()
        self._child = child
        listener = asyncio.create_task(self._listen(child))
        lived = False
        try:
            assert child.stdout is not None
            while (frame := await receive(child.stdout)) is not None:
                lived = lived or frame["on"] == "ready"
                self._route(frame)
        finally:
            if lived:  # before anybody is told: who asks again has to wait for the next child
                self._card = asyncio.get_running_loop().create_future()
            await _to_the_end(self._bury(child, listener))
        if lived:
            _log.warning("the engine's process %s died and is replaced", child.pid)
        return lived

    async def _spawn(self) -> Child:
        """Whoever gives up waiting leaves no child behind that nobody knows."""
        arguments = (json.dumps(sys.path), json.dumps(asdict(self._spec)))
        spawning = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                sys.executable, "-c", _START, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
            )
        )
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await _to_the_end(_drop(spawning))
            raise

    async def _bury(self, child: Child, listener: asyncio.Task[None]) -> None:
        for queue in self._open.values():
            queue.put_nowait(None)
        assert child.stdin is not None
        child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), _PATIENCE)
        except TimeoutError:
            child.kill()
            await child.wait()
        await listener

    async def _listen(self, child: Child) -> None:
        """What the child says on standard error: for the log, its last line for the reader. It is read whatever it
        is: a bar draws itself anew after a mere return, and a pipe that nobody empties stops the child."""
        assert child.stderr is not None
        rest = b""
        while piece := await child.stderr.read(_PIECE):
            *lines, rest = _LINE_END.split(rest + piece)
            for line in lines:
                self._hear(child, line)
            rest = rest[-_LONGEST:]
        self._hear(child, rest)

    def _hear(self, child: Child, line: bytes) -> None:
        if said := line.decode("utf-8", "replace").strip():
            _log.debug("engine %s: %s", child.pid, said)
            self._last_words = said

    def _route(self, frame: Frame) -> None:
        match frame["on"]:
            case "ready":
                if self._card is not None and not self._card.done():
                    self._card.set_result(frame)
            case "unable":
                self._lost(frame["reason"])
            case "progress":
                if self._progress is not None:
                    self._progress(frame["say"], frame["share"])
            case _:
                if (queue := self._open.get(frame["id"])) is not None:
                    queue.put_nowait(frame)

    def _why(self) -> str:
        return f" ({self._last_words})" if self._last_words else ""


async def _drop(spawning: asyncio.Future[Child]) -> None:
    child = await spawning
    child.kill()
    await child.communicate()


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Does ``work`` whole, however often its caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
