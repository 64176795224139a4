"""Worker: one object living in a child process, called over a pipe.

Native code that holds the interpreter lock, or dies, stays over there: the caller's loop keeps its
beat, a crashed child is started anew and the call is tried once more. The child ends when its
parent does, however the parent ends. Knows nothing of what the object is for.
"""

import asyncio
import atexit
import gc
import itertools
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from vectorstore.errors import IndexFault, WorkerDied

_SPAWN = multiprocessing.get_context("spawn")
_PATIENCE = 10.0  # seconds for a child to put its things in order


@dataclass(frozen=True, slots=True)
class _Call:
    """``urgent`` calls overtake those that wait, never the one at work."""

    method: str
    args: tuple[Any, ...]
    urgent: bool = False
    again: bool = True
    answer: "Future[Any]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Child:
    """A process, the pipe to it, and the calls it owes an answer to."""

    process: BaseProcess
    pipe: Connection
    pending: dict[int, _Call] = field(default_factory=dict)


class Worker:
    """Calls methods of ``make(*args)``, which is built in the child at the first call or ``start()``.

    ``make`` and everything passed must be picklable. Calls must be repeatable without harm: one
    that was under way when the child died is sent once more to the next child. With ``lanes`` urgent calls
    do not wait for the one at work, either: they have a thread of their own in the child.
    """

    def __init__(self, name: str, make: Callable[..., object], *args: Any, lanes: bool = False) -> None:
        self.name = name
        self._made = (make, args, lanes)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._closed = False
        self._sender = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-send")
        atexit.register(self.close_now)

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        child = self._child
        return child.process.pid if child is not None and child.process.is_alive() else None

    def submit(self, method: str, *args: Any, urgent: bool = False) -> "Future[Any]":
        """Ask for a call from any thread. The future raises what the method raised, or WorkerDied."""
        call = _Call(method, args, urgent)
        self._enqueue(call)
        return call.answer

    async def call(self, method: str, *args: Any, urgent: bool = False) -> Any:
        """Ask for a call and wait without holding the loop. Being cancelled leaves the call to run."""
        return await asyncio.wrap_future(self.submit(method, *args, urgent=urgent))

    async def start(self) -> None:
        """Build the object now, so that the first call does not wait; raises what building raised."""
        await self.call("")

    async def close(self) -> None:
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """End the child after the call at work; calls that wait fail. Twice does no harm."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close_now)
        self._sender.shutdown(wait=True)
        child = self._child
        if child is None:
            return
        try:
            child.pipe.send(None)
        except (OSError, ValueError):
            child.process.kill()
        _bury(child.process)

    def _enqueue(self, call: _Call) -> None:
        try:
            self._sender.submit(self._send, call)
        except RuntimeError:  # the sender is shut down
            self._refuse(call)

    def _send(self, call: _Call) -> None:
        if self._closed:
            self._refuse(call)
            return
        if call.answer.cancelled():
            return
        number = next(self._numbers)
        try:
            child = self._living()
        except OSError as fault:
            why = f"The {self.name} process could not be started ({fault.strerror}); free some of the machine and try again."
            _settle(call.answer, None, WorkerDied(why))
            return
        with self._lock:
            child.pending[number] = call
        try:
            child.pipe.send((number, call.urgent, call.method, call.args))
        except OSError:
            # Its end of the pipe is closed a moment before it has ended, and only then is another one started.
            # Whether it has, the process itself does not say while the reader waits for it, too.
            _bury(child.process)
            self._child = None
            self._lost(child, number)
        except (TypeError, AttributeError, pickle.PicklingError) as fault:
            with self._lock:
                child.pending.pop(number, None)
            _settle(call.answer, None, fault)

    def _living(self) -> _Child:
        """A living child, started if there is none. Only the sender's one thread comes here."""
        child = self._child
        if child is not None and child.process.is_alive():
            return child
        here, there = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(there, *self._made), name=self.name, daemon=True)
        process.start()
        there.close()
        child = self._child = _Child(process, here)
        threading.Thread(target=self._read, args=(child,), name=f"{self.name}-read", daemon=True).start()
        return child

    def _read(self, child: _Child) -> None:
        try:
            while True:
                number, value, fault = child.pipe.recv()
                with self._lock:
                    call = child.pending.pop(number, None)
                if call is not None:
                    _settle(call.answer, value, fault)
        except (EOFError, OSError):
            child.process.join()
        for number in list(child.pending):
            self._lost(child, number)
        child.pipe.close()

    def _lost(self, child: _Child, number: int) -> None:
        """Try a call once more whose child died; both the sender and the reader may notice it first."""
        with self._lock:
            call = child.pending.pop(number, None)
        if call is None:
            return
        if call.again and not self._closed:
            self._enqueue(replace(call, again=False))
        else:
            self._refuse(call)

    def _refuse(self, call: _Call) -> None:
        why = "is closed" if self._closed else "ended twice in one call"
        _settle(call.answer, None, WorkerDied(f"The {self.name} process {why}; start the program again."))


def _bury(process: BaseProcess) -> None:
    """Returns when it has ended; it is ended if it takes its time."""
    process.join(_PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()


def _settle(answer: "Future[Any]", value: Any, fault: BaseException | None) -> None:
    if answer.set_running_or_notify_cancel():
        if fault is None:
            answer.set_result(value)
        else:
            answer.set_exception(fault)


# ---- in the child ----

_Calls = queue.PriorityQueue[tuple[int, int, str, tuple[Any, ...]]]


class _Desk:
    """The object, made with the first call, and the pipe on which its answers go back, one at a time."""

    def __init__(self, pipe: Connection, make: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._pipe = pipe
        self._make = (make, args)
        self._made: object | None = None
        self._making = threading.Lock()
        self._sending = threading.Lock()

    def work_off(self, calls: _Calls) -> None:
        """Answer calls in the order of urgency until the parent hangs up."""
        while True:
            _, number, method, given = calls.get()
            if not number:
                break
            try:
                made = self._object()
                value = getattr(made, method)(*given) if method else None
                self._send(number, value, None)
            except OSError as fault:
                if self._hung_up(number, fault):
                    break
            except Exception as fault:  # noqa: BLE001 - the child's outermost surface: it goes to the caller
                self._send(number, None, _portable(fault))

    def close(self) -> None:
        close = getattr(self._made, "close", None)
        if close is not None:
            close()

    def _object(self) -> object:
        with self._making:
            if self._made is None:
                make, args = self._make
                self._made = make(*args)
                gc.freeze()  # what was loaded stays: the collector need not go through it while somebody waits
            return self._made

    def _send(self, number: int, value: Any, fault: Exception | None) -> None:
        with self._sending:
            self._pipe.send((number, value, fault))

    def _hung_up(self, number: int, fault: OSError) -> bool:
        """An OSError is either the call's own, which goes to the caller, or the pipe's, which ends us."""
        try:
            self._send(number, None, _portable(fault))
        except OSError:
            return True
        return False


def _serve(pipe: Connection, make: Callable[..., object], args: tuple[Any, ...], lanes: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the parent
    desk = _Desk(pipe, make, args)
    calls: _Calls = queue.PriorityQueue()
    urgent: _Calls = queue.PriorityQueue() if lanes else calls
    threading.Thread(target=_listen, args=(pipe, calls, urgent), daemon=True).start()
    beside = threading.Thread(target=desk.work_off, args=(urgent,), daemon=True) if lanes else None
    if beside is not None:
        beside.start()
    desk.work_off(calls)
    if beside is not None:
        beside.join()
    desk.close()


def _listen(pipe: Connection, calls: _Calls, urgent: _Calls) -> None:
    try:
        while (asked := pipe.recv()) is not None:
            number, hurry, method, args = asked
            (urgent if hurry else calls).put((0 if hurry else 1, number, method, args))
        for each in {id(one): one for one in (calls, urgent)}.values():
            each.put((-1, 0, "", ()))
    except (EOFError, OSError):
        os._exit(0)  # the parent is gone: nobody waits for what is under way


def _portable(fault: Exception) -> Exception:
    """The fault itself where it survives the journey, else its words."""
    return fault if isinstance(fault, IndexFault) else IndexFault(f"{type(fault).__name__}: {fault}")
