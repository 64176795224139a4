"""Vectors and pieces that were made once are kept on disk, so that a benchmark run again is fast.

The key is the embedder's name and the text, and for pieces what they are projected by; the file lies outside the
repository. Knows nothing of sets or of search.
"""

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from vectorstore.embedding import Embedded, Embedder
from vectorstore.minilm import PIECES

_AT_ONCE = 1024  # texts embedded before they are kept, so that a run cut short loses little

Read = Callable[[list[str]], Awaitable[list[Embedded]]]


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
        for name in ("vectors", "pieces"):
            self._file.execute(f"CREATE TABLE IF NOT EXISTS {name} (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        self._projection = blake2b(PIECES.read_bytes(), digest_size=16).hexdigest()

    async def dimension(self) -> int:
        return await self._embedder.dimension()

    async def read_passages(self, texts: Sequence[str]) -> list[Embedded]:
        return await self._read("passage", texts, self._embedder.read_passages)

    async def read_queries(self, texts: Sequence[str]) -> list[Embedded]:
        return await self._read("asked", texts, self._embedder.read_queries)

    async def array(self, texts: Sequence[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        """float32 [texts, dimensions]."""
        keys = self._keys("", texts)
        known = self._known("vectors", keys)
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        waiting = sorted(fresh, key=lambda key: -len(fresh[key]))
        for start in range(0, len(waiting), _AT_ONCE):
            part = waiting[start : start + _AT_ONCE]
            made = await self._embedder.aembed_documents([fresh[key] for key in part])
            known.update(self._keep("vectors", zip(part, map(_bytes, made), strict=True)))
        return np.stack([np.frombuffer(known[key], np.float32) for key in keys])

    def close(self) -> None:
        self._file.close()

    async def _read(self, kind: str, texts: Sequence[str], read: Read) -> list[Embedded]:
        keys, whole = self._keys(f"{kind}\0{self._projection}\0", texts), self._keys("", texts)
        missing = sorted({*range(len(texts))} - {*self._complete(keys, whole)}, key=lambda place: -len(texts[place]))
        for start in range(0, len(missing), _AT_ONCE):
            part = missing[start : start + _AT_ONCE]
            made = await read([texts[place] for place in part])
            self._keep("pieces", ((keys[place], one.pieces) for place, one in zip(part, made, strict=True)))
            self._keep("vectors", ((whole[place], _bytes(one.vector)) for place, one in zip(part, made, strict=True)))
        vectors, pieces = self._known("vectors", whole), self._known("pieces", keys)
        numbers = (np.frombuffer(vectors[key], np.float32).tolist() for key in whole)
        return [Embedded(vector, pieces[key]) for vector, key in zip(numbers, keys, strict=True)]

    def _complete(self, keys: Sequence[bytes], whole: Sequence[bytes]) -> list[int]:
        pieces, vectors = self._known("pieces", keys), self._known("vectors", whole)
        pairs = enumerate(zip(keys, whole, strict=True))
        return [place for place, (key, vector) in pairs if key in pieces and vector in vectors]

    def _keys(self, kind: str, texts: Sequence[str]) -> list[bytes]:
        return [blake2b(f"{self.name}\0{kind}{text}".encode(), digest_size=16).digest() for text in texts]

    def _keep(self, table: str, rows: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        made = list(rows)
        with self._file:
            self._file.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", made)
        return made

    def _known(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        known: dict[bytes, bytes] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            known.update(self._file.execute(f"SELECT key, vector FROM {table} WHERE key IN ({marks})", part))
        return known


def _bytes(vector: Sequence[float]) -> bytes:
    return np.asarray(vector, np.float32).tobytes()
