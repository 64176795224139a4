"""Warmth: a store that was just opened is read through once, behind, so that its first searches need no disk.

The engine maps its files and lets what the system had kept of them go when it opens them. Each passage
that is then looked at for the first time would wait for the disk. Knows nothing of what is in the files.
"""

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path
from threading import Event, Thread

_AT_ONCE = 1 << 20  # bytes
_BLOCK = 512  # bytes, as a file's blocks are counted
_SHARE = 2  # at most a half of the machine's memory is asked for: the system may let any of it go again


class Warmth:
    """Reads one folder at a time. What is kept is the system's, which takes it back where it needs the room."""

    def __init__(self) -> None:
        self._enough = Event()
        self._reading: Thread | None = None

    def give(self, folder: Path) -> None:
        """Begin to read ``folder`` in a thread, as far as there is room; no longer another."""
        self.stop()
        self._enough = Event()
        self._reading = Thread(target=read, args=(folder, _room(), self._enough), name="warmth", daemon=True)
        self._reading.start()

    def stop(self) -> None:
        """Returns when nothing is read any more."""
        self._enough.set()
        if self._reading is not None:
            self._reading.join()


def read(folder: Path, room: int, enough: Event) -> int:
    """How many bytes were read: whole files, the small ones first, since what is small is looked at most."""
    done = 0
    for size, path in sorted(_files(folder)):
        if done + size > room or enough.is_set():
            break
        with suppress(OSError), path.open("rb", buffering=0) as file:
            done += _read(file, enough)
    return done


def _read(file: FileIO, enough: Event) -> int:
    """All of a file but its holes: the engine's files are sparse."""
    done = at = 0
    chunk = memoryview(bytearray(_AT_ONCE))
    with suppress(OSError):  # no data behind the last of it
        while not enough.is_set():
            at = file.seek(at, os.SEEK_DATA)
            end = file.seek(at, os.SEEK_HOLE)
            file.seek(at)
            got = file.readinto(chunk[: end - at])
            done, at = done + got, at + got
    return done


def _files(folder: Path) -> list[tuple[int, Path]]:
    """With the bytes that each takes on the disk."""
    found = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # it may go meanwhile
            if path.is_file():
                found.append((_BLOCK * path.stat().st_blocks, path))
    return found


def _room() -> int:
    """Nothing on Windows, which keeps of files what it likes."""
    if not hasattr(os, "SEEK_DATA") or not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _SHARE
