"""Child: the engine's own process, from its first line to its last.

Frames come in on standard input and go out on what was standard output; whatever native code
prints goes to standard error instead. When the parent is gone, by whatever death, standard input
ends and so does this process. Knows nothing of which engine it runs.
"""

import importlib
import os
import signal
import sys
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import BinaryIO, Protocol

from chains.errors import WriterError
from chains.local.ask import Ask
from chains.local.wire import Frame, Spec, pack, read


@dataclass(slots=True)
class Line:
    """The child's end of the pipe: what was asked, and the way to answer."""

    out: BinaryIO
    inbox: SimpleQueue[Frame] = field(default_factory=SimpleQueue)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, frame: Frame) -> None:
        with self.lock:
            self.out.write(pack(frame))
            self.out.flush()

    def wait(self) -> Frame:
        return self.inbox.get()

    def poll(self) -> Frame | None:
        try:
            return self.inbox.get_nowait()
        except Empty:
            return None


class Engine(Protocol):
    """What every engine can do. Sentences for the reader are raised as WriterError."""

    @property
    def busy(self) -> bool: ...

    def card(self) -> Frame: ...

    def begin(self, ask: Ask) -> list[Frame]: ...

    def stop(self, request: int) -> list[Frame]: ...

    def step(self) -> list[Frame]:
        """Writes a little further on what runs."""
        ...

    def count(self, texts: list[str]) -> list[int]: ...

    def score(self, messages: list[tuple[str, str]], options: list[str], tenant: str) -> list[float]: ...


def serve(engine: Engine, line: Line) -> None:
    """Takes requests as they come and writes on all that run, until the process ends.

    Counting and scoring have a thread, so that those who are being written to do not wait for them."""
    with ThreadPoolExecutor(1) as aside:
        while True:
            frame = line.poll() if engine.busy else line.wait()
            while frame is not None:
                if frame["do"] in ("write", "stop"):
                    _answer(engine, line, frame)
                else:
                    aside.submit(_answer, engine, line, frame).add_done_callback(_watch)
                frame = line.poll()
            if engine.busy:
                for event in engine.step():
                    line.send(event)


def _answer(engine: Engine, line: Line, frame: Frame) -> None:
    try:
        for answer in _answers(engine, frame):
            line.send(answer)
    except WriterError as error:
        line.send({"on": "refused", "id": frame["id"], "reason": str(error)})


def _watch(work: Future[None]) -> None:
    if (error := work.exception()) is not None:
        traceback.print_exception(error)
        os._exit(1)


def _give_up(dead: threading.ExceptHookArgs) -> None:
    """A thread's death must be seen: the program restarts the engine and asks again."""
    threading.__excepthook__(dead)
    os._exit(1)


def _answers(engine: Engine, frame: Frame) -> list[Frame]:
    request = int(frame["id"])
    match frame["do"]:
        case "write":
            return engine.begin(_ask(frame))
        case "stop":
            return engine.stop(request)
        case "count":
            return [{"on": "value", "id": request, "value": engine.count(frame["texts"])}]
        case "score":
            value = engine.score(frame["messages"], frame["options"], frame["tenant"])
            return [{"on": "value", "id": request, "value": value}]
        case other:
            raise WriterError(f"The engine does not know how to {other}.")


def _ask(frame: Frame) -> Ask:
    return Ask(
        id=frame["id"],
        messages=[(role, text) for role, text in frame["messages"]],
        sampling=frame["sampling"],
        tokens=frame["tokens"],
        stop=tuple(frame["stop"]),
        takes=frame["takes"],
        tenant=frame["tenant"],
    )


def main(spec: Spec) -> None:
    line = Line(_claim_output())
    threading.excepthook = _give_up
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the program, not for its engine
    threading.Thread(target=_listen, args=(sys.stdin.buffer, line.inbox), daemon=True).start()
    module = importlib.import_module(spec.engine)
    try:
        engine = module.load(spec, line.send)
    except WriterError as error:
        line.send({"on": "unable", "reason": str(error)})
        return
    line.send({"on": "ready", **engine.card()})
    serve(engine, line)


def _claim_output() -> BinaryIO:
    """Takes standard output for frames alone: native code that prints must not break one."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _listen(stream: BinaryIO, inbox: SimpleQueue[Frame]) -> None:
    while (frame := read(stream)) is not None:
        inbox.put(frame)
    os._exit(0)
