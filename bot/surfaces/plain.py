"""Plain: the conversation without a screen: pipes, scripts, TERM=dumb. The page goes to ``out``;
steps, notes about the work and failures go to ``err``.

Knows nothing of cursors and colours.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from bot.events import Attach, Cite, Fail, Final, Inbound, Note, Offer, Out, Reply, Respond, Sent, Step, Text
from bot.logs import report
from bot.render.safe import Cleaner, clean, line
from bot.render.stream import sentences
from bot.surfaces import page
from bot.surfaces.files import save
from bot.surfaces.typed import PATIENCE, inbound, stop
from memory import Scope

log = logging.getLogger(__name__)

BROKEN_PIPE = 141  # as a shell reports a program that SIGPIPE ended
_STATUS = {"complete": 0, "failed": 1, "stopped": 130}


class PlainStage:
    """A Stage on two text files. ``streams``: the page is written as it grows; otherwise once, at its
    end, with its citation markers (what a pipe wants)."""

    def __init__(self, out: TextIO, err: TextIO, folder: Path, event_id: str, streams: bool) -> None:
        self._out, self._err, self._folder, self._event, self._streams = out, err, folder, event_id, streams
        self._cleaner = Cleaner()
        self._text, self._final = "", ""
        self._cites: list[Cite] = []
        self._under: list[str] = []
        self._steps: set[str] = set()
        self._failed = False
        self._sent: Sent | None = None
        self.offers: list[Offer] = []

    async def show(self, out: Out) -> None:
        if self._sent is not None:
            return
        match out:
            case Text(delta):
                self._write(self._cleaner.feed(delta))
            case Final(text):
                self._final = clean(text)
            case Step():
                self._step(out)
            case Cite():
                self._cites.append(out)
            case Note(text):
                self._under.append(clean(text))
            case Offer():
                self.offers.append(out)
            case Fail():
                self._failed = True
                self._say(*(row.plain for row in page.fail(out)))
            case Attach(file):
                try:
                    self._say(f"saved {line(str(save(file, self._folder)))}")
                except OSError as problem:
                    self._failed = True
                    self._say(f"{line(file.name)} could not be saved: {problem.strerror or problem}")

    async def finish(self, reply: Reply) -> Sent:
        """Ends the page. A second time it only says again what was shown."""
        if self._sent is not None:
            return self._sent
        self._write(self._cleaner.close())
        shown = self._text if self._streams else self._final or self._text
        if not self._streams:
            self._out.write(shown)
        if shown and not shown.endswith("\n"):
            self._out.write("\n")
        quotes = sentences(self._final) if self._streams and self._final else {}
        if lines := page.cites(self._cites, quotes):
            self._out.write("\n" + "".join(f"{row.plain}\n" for row in lines))
        self._out.flush()
        rows = [*page.ending(reply, self._failed), *(page.offers(self.offers) if self._streams else ())]
        self._say(*self._under, *(row.plain for row in rows))
        self._sent = Sent((self._event,), self._final or self._text, reply.status == "complete")
        return self._sent

    def _write(self, text: str) -> None:
        self._text += text
        if self._streams and text:
            self._out.write(text)
            self._out.flush()

    def _step(self, step: Step) -> None:
        """Each step once when it begins, and where it failed."""
        if step.state == "failed":
            self._say(f"✗ {line(step.title)}")
        elif step.state == "running" and step.id not in self._steps:
            self._steps.add(step.id)
            self._say(f"{line(step.title)}")

    def _say(self, *rows: str) -> None:
        for row in rows:
            self._err.write(f"{row}\n")
        self._err.flush()


async def one_shot(
    respond: Respond,
    text: str,
    *,
    scope: Scope,
    author: str,
    out: TextIO,
    err: TextIO,
    folder: Path | None = None,
) -> int:
    """One message, one page: ``dramaturg chat "..."``. Returns the exit status: 0, 1 when it failed,
    130 when it was stopped by Ctrl-C, 141 when nobody reads ``out`` any more."""
    said = inbound(text, scope, author)
    stage = PlainStage(out, err, folder or Path.cwd(), said.event_id, out.isatty())
    reply = await _play(respond, said, stage)
    return BROKEN_PIPE if reply is None else _STATUS[reply.status]


async def converse(
    respond: Respond,
    *,
    scope: Scope,
    author: str,
    source: int,
    out: TextIO,
    err: TextIO,
    folder: Path | None = None,
    greeting: Sequence[str] = (),
) -> int:
    """A conversation line by line, for terminals without a cursor. ``source`` is the file descriptor
    that is read. Ctrl-C stops an answer; between answers it leaves, as end of file does."""
    prompt = "> " if out.isatty() else ""
    offers: Sequence[Offer] = ()
    reply: Reply | None = None
    for row in greeting:
        out.write(f"{clean(row)}\n")
    out.write(prompt)
    out.flush()
    async for text in _lines(source):
        if text.strip():
            said = inbound(text, scope, author, offers)
            stage = PlainStage(out, err, folder or Path.cwd(), said.event_id, out.isatty())
            reply = await _play(respond, said, stage)
            if reply is None:
                return BROKEN_PIPE
            offers, scope = stage.offers, reply.scope or scope
            if reply.leave:
                return 0
        out.write(prompt)
        out.flush()
    return 0


async def _play(respond: Respond, said: Inbound, stage: PlainStage) -> Reply | None:
    """The reply, or None when nobody reads the output any more."""
    answer = asyncio.ensure_future(respond(said, stage))
    stops: list[asyncio.Future[Reply]] = []

    def interrupted() -> None:
        if stops:
            answer.cancel()
        else:
            request = stop(said.scope, said.author)
            quiet = PlainStage(_NOWHERE, _NOWHERE, Path.cwd(), request.event_id, False)
            stops.append(asyncio.ensure_future(respond(request, quiet)))

    try:
        with _on_interrupt(interrupted):
            reply = await _ended(answer, stage)
            await stage.finish(reply)
    except BrokenPipeError:
        if not answer.done():
            interrupted()
            await asyncio.wait([answer], timeout=PATIENCE)
        _discard_output()
        return None
    finally:
        answer.cancel()
        await asyncio.gather(answer, *stops, return_exceptions=True)
    return reply


async def _ended(answer: asyncio.Future[Reply], stage: PlainStage) -> Reply:
    try:
        return await answer
    except asyncio.CancelledError:
        return Reply("stopped")
    except BrokenPipeError:
        raise
    except Exception as problem:  # noqa: BLE001 - the outermost surface: a person gets a reason, the log the details
        ref = report(log, "An answer failed.", problem)
        await stage.show(Fail("That went wrong on our side; please try again.", ref))
        return Reply("failed")


@contextmanager
def _on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls ``act`` instead of ending the program, where the platform lets us."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, act)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


def _discard_output() -> None:
    """So that the interpreter's own flush at exit finds somebody who reads."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


async def _lines(source: int) -> AsyncIterator[str]:
    """Lines from a file descriptor of any kind. The reading thread is a daemon on a bare descriptor:
    a read that never returns holds up neither the loop nor the end of the program."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        data = b"-"
        while data:
            try:
                data = os.read(source, 65536)
            except OSError:
                data = b""
            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(chunks.put_nowait, data)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    held = b""
    while data := await chunks.get():
        *whole, held = (held + data).split(b"\n")
        for row in whole:
            yield row.decode("utf-8", "replace")
    if held:
        yield held.decode("utf-8", "replace")


class _Nowhere:
    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


_NOWHERE: TextIO = _Nowhere()  # type: ignore[assignment]  # PlainStage uses these two methods only
