"""Prepared: what is made once from a model file and kept in the user's cache folder.

A folder appears there whole or not at all, so two programs that start at once, or one that dies,
leave nothing half made. Knows nothing of what is in the folders.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def place(cache: Path, source: Path, maker: str) -> Path:
    """Where what ``maker`` (a name with its version) makes of this very file belongs."""
    stat = source.stat()
    told = f"{source.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{maker}"
    return cache / f"{source.stem}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """A folder to make it in; it takes its place when all went well and nobody was quicker."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    bench = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        yield bench
        with contextlib.suppress(OSError):  # somebody was quicker: theirs is as good
            os.rename(bench, folder)
    finally:
        shutil.rmtree(bench, ignore_errors=True)
