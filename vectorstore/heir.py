"""Heir: the next generation as the serving shard's process sees it: what it has yet to be told.

Only the ids of what was written are remembered. What has become of them is read from the shard that
serves when it is brought over, so the order of writes does not matter, and twice does no harm.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import qdrant_edge as qdrant

from vectorstore.generation import config


class Heir:
    """``store`` is its folder. It is opened with the first ``follow``, when it has been made."""

    def __init__(self, store: Path, dimension: int) -> None:
        self.store = store
        self._dimension = dimension
        self._touched: dict[str, None] = {}
        self._opened: Any = None
        self.told = 0

    @property
    def shard(self) -> Any:
        if self._opened is None:
            self._opened = qdrant.EdgeShard.load(str(self.store / "shard"), config(qdrant, self._dimension))
        return self._opened

    def touch(self, ids: Iterable[str]) -> None:
        self._touched |= dict.fromkeys(ids)

    def follow(self, served: Any, limit: int) -> int:
        """Bring over at most ``limit`` points as they are in ``served``; how many are left."""
        some = list(self._touched)[:limit]
        if some:
            records = served.retrieve(some, with_payload=True, with_vector=True)
            there = [qdrant.Point(record.id, record.vector, record.payload) for record in records]
            gone = set(some) - {str(record.id) for record in records}
            if there:
                self.shard.update(qdrant.UpdateOperation.upsert_points(there))
            if gone:
                self.shard.update(qdrant.UpdateOperation.delete_points(sorted(gone)))
            self.told += len(some)
        for one in some:
            del self._touched[one]
        return len(self._touched)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None
