"""Lock: a folder that one program at a time may have. It is the operating system's, and dies with the program.

Knows nothing of what is in the folder.
"""

from contextlib import suppress
from pathlib import Path

import portalocker

from vectorstore.errors import StoreLocked

_PATIENCE = 3.0  # seconds a lock is waited for: the process of a program that was just killed is ending


def lock(folder: Path, program: str, what: str, pid: int) -> portalocker.Lock:
    """``what`` names the folder to whom it is refused. Raises StoreLocked, which says who has it."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = portalocker.Lock(folder / "lock", mode="a", timeout=_PATIENCE, check_interval=0.1)
    holder = folder / "holder"
    try:
        taken.acquire()
    except portalocker.LockException as fault:
        with suppress(OSError):
            by = holder.read_text(encoding="utf-8")
            raise StoreLocked(f"{what} is in use by {by}; end it first, then try again.") from fault
        raise StoreLocked(f"{what} is in use by another program; end it first.") from fault
    holder.write_text(f"{program} (process {pid})", encoding="utf-8")
    return taken
