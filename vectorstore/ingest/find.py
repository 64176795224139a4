"""Which files there are to read below some paths, always in the same order; what was passed over, and why.

Knows nothing of how a format is read. Blocking: an event loop calls it in a thread.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vectorstore.ingest.media import SNIFFED, judge

_TOOLS = frozenset({"CVS", "node_modules", "__pycache__", "__MACOSX", "_darcs", "venv"})
_CLUTTER = frozenset({"Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was passed over; ``reason`` is a phrase."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Finds:
    """Files worth reading, each once, and everything that was not."""

    files: tuple[Path, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def find(paths: Iterable[Path]) -> Finds:
    """Files below ``paths``, folders walked in the order of their names.

    A file named outright is taken even if it is hidden.
    """
    files: dict[Path, Path] = {}
    skipped: list[Skipped] = []
    for path in paths:
        found = _walk(path, path.resolve()) if path.is_dir() else iter((path,))
        for each in found:
            reason = each.reason if isinstance(each, Skipped) else _unfit(each)
            where = each.path if isinstance(each, Skipped) else each
            if reason:
                skipped.append(Skipped(where, reason))
            else:
                files.setdefault(where.resolve(), where)
    return Finds(tuple(files.values()), tuple(skipped))


def _walk(folder: Path, root: Path) -> Iterator[Path | Skipped]:
    """Files and what is passed over, depth first. Links to folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(folder, f"the folder could not be opened ({error.strerror})")
        return
    for entry in entries:
        path = Path(entry.path)
        reason = _passed_over(entry, root)
        if reason:
            yield Skipped(path, reason)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        else:
            yield path


def _passed_over(entry: "os.DirEntry[str]", root: Path) -> str:
    if entry.name.startswith("."):
        return "it is hidden"
    if entry.name in _TOOLS and entry.is_dir(follow_symlinks=False):
        return "the folder belongs to a tool"
    if entry.name in _CLUTTER or entry.name.startswith("~$"):
        return "it belongs to a program"
    if entry.is_symlink():
        try:
            if not Path(entry.path).resolve().is_relative_to(root):
                return "it is a link that leaves the folder"
            if entry.is_dir():
                return "it is a link to a folder that is read anyway"
        except (OSError, RuntimeError):  # which of them a circle is depends on Python's version
            return "it is a link that leads nowhere"
    return ""


def _unfit(path: Path) -> str:
    """Why a file is not worth reading, judged by name and first bytes; "" when it is."""
    try:
        if not path.exists():
            return "it does not exist"
        if not path.is_file():
            return "it is not a file"
        with path.open("rb") as file:
            head = file.read(SNIFFED)
    except OSError as error:
        return f"it could not be opened ({error.strerror})"
    return judge(path, head)[1]
