"""Shelf: where files that people share lie on the disk for as long as the turn takes that learns them.

Knows nothing of platforms, of documents, nor of how files are fetched.
"""

import asyncio
import hashlib
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

from bot.events import File
from bot.render.safe import line

LONGEST, BYTES = 120, 240
"""Characters and bytes that a name may have; file systems take 255 bytes."""

LEFT_AFTER = 3600.0
"""Seconds after which what lies there was left behind by a program that died: no turn takes so long."""

_SAFE = re.compile(r"[^\w.\- ]+")


class Unfetched(Exception):
    """A file that could not be brought here; the message says why and what to do."""


class Shelf:
    """One event's files. ``owner`` and ``room`` name the folder below ``root`` that they would stand in if they
    stayed: there a source of that name is always the same, so that the same file again replaces the former."""

    def __init__(self, root: Path, owner: str, room: str, event: str) -> None:
        self._root = root
        self._room = root / _SAFE.sub("_", owner) / _SAFE.sub("_", room)
        self._folder = self._room / hashlib.sha256(event.encode()).hexdigest()[:20]

    async def open(self) -> None:
        """Empty, and gone with all that lies in it when the task ends that called this: however a turn ends, also
        where another program took it over, its files end with it."""
        await asyncio.to_thread(self._clear)
        if task := asyncio.current_task():
            task.add_done_callback(lambda _: shutil.rmtree(self._folder, ignore_errors=True))

    async def put(self, file: File, data: bytes) -> File:
        """``file`` with where it lies and as what it is known. Raises Unfetched."""
        try:
            path = await asyncio.to_thread(self._write, named(file.name), data)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unfetched(f"{line(file.name)} could not be put on my disk ({reason}): tell my keepers.") from error
        return replace(file, path=str(path), uri=(self._room / path.name).resolve().as_uri())

    def _write(self, name: str, data: bytes) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        stem, suffix, number = Path(name).stem, Path(name).suffix, 1
        path = self._folder / name
        while path.exists():  # two files of one name in one message
            number += 1
            path = self._folder / f"{stem} ({number}){suffix}"
        path.write_bytes(data)
        return path

    def _clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        for left in self._root.glob("*/*/*"):
            try:
                old = time.time() - left.stat().st_mtime > LEFT_AFTER
                if old and left.is_file():
                    left.unlink()
                elif old:
                    shutil.rmtree(left, ignore_errors=True)
            except OSError:  # gone meanwhile
                continue


def named(name: str) -> str:
    """A name that every disk takes. Of a long one its end stays, where the ending is."""
    safe = _SAFE.sub("_", line(name).rsplit("/", 1)[-1]).strip(". ") or "file"
    return safe[-LONGEST:].encode()[-BYTES:].decode(errors="ignore")
