"""The child process that opens strangers' files: bounded in memory and time, ending with its parent.

Run as ``python -m vectorstore.ingest.child``: requests as JSON lines on stdin, answers on what was stdout.
Knows nothing of asyncio. Its ``main`` is an outermost surface: whatever a parser raises becomes a reason here.
"""

import ctypes
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from hashlib import sha256
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from vectorstore.errors import Refused
from vectorstore.ingest.document import Limits
from vectorstore.ingest.parse import fetch, parse
from vectorstore.ingest.wire import line, lines

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1


def main() -> None:
    answers = _private_stdout()
    _die_with_parent()
    logging.disable(logging.CRITICAL)  # parsers log by the thousand lines about broken files
    warnings.simplefilter("ignore")
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    base = _address_space()
    while True:
        _serve(json.loads(requests.get()), answers, base)


def _private_stdout() -> BinaryIO:
    """Stdout for answers alone: what a parser prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _die_with_parent() -> None:
    """Linux ends us with the parent even while native code holds the interpreter; ``_listen`` does so elsewhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to judge
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _listen(requests: "SimpleQueue[bytes]") -> None:
    """Requests as they come. The end of stdin means that the parent is gone, in whatever way."""
    for request in sys.stdin.buffer:
        requests.put(request)
    os._exit(0)


def _serve(request: dict[str, Any], answers: BinaryIO, base: int) -> None:
    path, limits = Path(request["path"]), Limits(**request["limits"])
    _bound(limits, base)
    try:
        if request["do"] == "digest":
            answers.write(line({"digest": sha256(fetch(path, limits)).hexdigest()}))
        else:
            answers.writelines(lines(parse(path, limits)))
    except MemoryError:
        # The heap may be beyond repair: say why, and let the parent start another child.
        answers.write(line({"refused": f"it needs more than {limits.memory >> 20:,} MB of memory", "leave": True}))
        answers.flush()
        os._exit(1)
    except Refused as refused:
        answers.write(line({"refused": str(refused)}))
    except RecursionError:
        answers.write(line({"refused": "it is nested too deeply"}))
    except Exception as error:  # noqa: BLE001 - the outermost surface of this process
        answers.write(line({"refused": f"its contents are broken ({type(error).__name__}); save or download it again"}))
    answers.flush()


def _bound(limits: Limits, base: int) -> None:
    """Memory beyond what an idle child has, and processor seconds from now on."""
    if sys.platform == "win32":
        return
    spent = ceil(time.process_time())
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + limits.cpu, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if base:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (base + limits.memory, hard))


def _address_space() -> int:
    """Bytes of address space in use; 0 where it cannot be told, and then memory is not bounded."""
    if sys.platform != "linux":
        return 0
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
