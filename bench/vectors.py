"""Vectors that were made once are kept on disk, so that a benchmark run again is fast.

The key is the embedder's name and the text; the file lies outside the repository. Knows nothing of
sets or of search.
"""

import os
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from vectorstore.embedding import Embedder

_AT_ONCE = 1024  # texts embedded before they are kept, so that a run cut short loses little


def default_cache() -> Path:
    """Where vectors are kept unless told otherwise."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "dramaturg-bench"


class Kept:
    """The product's embedder behind a file. Can stand wherever the embedder does."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = embedder.name
        self._embedder = embedder
        self._file = sqlite3.connect(folder / "vectors.db")
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    async def dimension(self) -> int:
        return await self._embedder.dimension()

    async def aembed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return [vector.tolist() for vector in await self.array(texts)]

    async def aembed_queries(self, texts: Sequence[str]) -> list[list[float]]:
        return await self.aembed_documents(texts)

    async def array(self, texts: Sequence[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        """float32 [texts, dimensions]."""
        keys = [blake2b(f"{self.name}\0{text}".encode(), digest_size=16).digest() for text in texts]
        known = self._known(keys)
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        waiting = sorted(fresh, key=lambda key: -len(fresh[key]))
        for start in range(0, len(waiting), _AT_ONCE):
            part = waiting[start : start + _AT_ONCE]
            made = await self._embedder.aembed_documents([fresh[key] for key in part])
            rows = [(key, np.asarray(vector, np.float32).tobytes()) for key, vector in zip(part, made, strict=True)]
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
            known.update(rows)
        return np.stack([np.frombuffer(known[key], np.float32) for key in keys])

    def close(self) -> None:
        self._file.close()

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        known: dict[bytes, bytes] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            known.update(self._file.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part))
        return known
