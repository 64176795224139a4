"""One qdrant-edge shard: what runs in the index process, and is imported only there.

Knows nothing of pipes, of how passages are ranked or of the embedder.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import qdrant_edge as qdrant

from vectorstore.errors import IndexFault, StoreDamaged
from vectorstore.find import Ranked, Survey
from vectorstore.generation import FIRST, clean, config, count_optimized, current, make, point, sweep
from vectorstore.heir import Heir
from vectorstore.layout import DENSE, WORDS, about, differs
from vectorstore.lock import lock
from vectorstore.native import EdgeEngine, as_filter, native, sparse
from vectorstore.query import Query
from vectorstore.rarity import Rarities
from vectorstore.reader import Reader
from vectorstore.recent import Recent
from vectorstore.sight import Condition, Where
from vectorstore.sparse import Words, own
from vectorstore.store import Arm, Asked, Entered, Terms
from vectorstore.warmth import Warmth
from vectorstore.written import write

_FLUSH_EVERY = 2000  # passages and records; more would make the log slow to replay after a crash, fewer cost 0.1 s each
_BROUGHT = 1000  # points that the next generation is told of at once when it takes over
_RECENT = 4096  # points
_RECOUNTED = 256  # points written at once up to which the counts of words are kept in step
STEP = 20_000  # passages that are scanned as they came; it takes 2 ms


class Shard:
    """Takes the folder's lock when it is made. Every method blocks. Each change is in the log when its call returns."""

    def __init__(self, folder: Path, embedder: str, dimension: int, program: str, step: int = STEP) -> None:
        self._folder = folder
        self._dimension = dimension
        self._about = about(embedder, dimension)
        self._words = Words()
        self._recent = Recent(_RECENT)
        self._rarities = Rarities()
        self._warmth = Warmth()
        self._unflushed = 0
        self._step = step
        self._optimized = self._fresh = 0
        self._heir: Heir | None = None
        self._lock = lock(folder, program, f"The index in {folder}", os.getppid())
        self._opened: Any = None
        self._engine = EdgeEngine(lambda: self._shard, self._recent)
        self._reader = Reader(self._engine, self._words, self._rarities)

    def open(self) -> None:
        """Open what is in the folder, or make it. Comes of itself with the first call."""
        sweep(self._folder)
        if not current(self._folder).exists():
            self._create()
        self._load()

    def renew(self) -> None:
        """Throw away what is in the folder, readable or not, and start empty."""
        self._disown()
        self._warmth.stop()
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        self._forget()
        self._create()
        clean(self._folder)
        self._load()

    @property
    def _shard(self) -> Any:
        if self._opened is None:
            self.open()
        return self._opened

    def find(self, where: Where, asked: Asked, query: Query) -> Ranked:
        return self._reader.find(where, asked, query)

    def survey(self, where: Where, asked: Asked) -> Survey:
        return self._reader.survey(where, asked)

    def arms(self, where: Where, asked: Asked) -> list[Arm]:
        return self._reader.arms(where, asked)

    def terms(self, where: Where, texts: Sequence[str]) -> list[Terms]:
        return self._reader.terms(where, texts)

    def put(self, entered: Sequence[Entered]) -> bool:
        """Whether the shard has grown so much that it should be optimized."""
        ids = [one.passage.id for one in entered]
        points = [self._point(one) for one in entered]
        self._recount(ids, -1)
        with native():
            self._shard.update(qdrant.UpdateOperation.upsert_points(points))
        self._recount(ids, 1)
        self._touch(ids)
        self._recent.forget(ids)
        self._unflushed += len(entered)
        self._fresh += len(entered)
        if self._unflushed >= _FLUSH_EVERY:
            self._flush()
        return self.due()

    def drop(self, record: str, keep: Sequence[str]) -> None:
        condition = {"must": [{"key": "record", "match": {"value": record}}], "must_not": [{"has_id": list(keep)}]}
        gone = [one for one, _ in self._engine.every(condition)]
        if not gone:
            return
        self._recount(gone, -1)
        self._touch(gone)
        with native():
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(as_filter(condition)))
        self._recent.forget(record=record)
        self._unflushed += 1
        if self._unflushed >= _FLUSH_EVERY:
            self._flush()

    def due(self) -> bool:
        return self._heir is None and self._fresh >= max(self._step, self._optimized // 5)

    def freeze(self) -> tuple[str, str]:
        """Where the shard's files are, and where the next generation may be made of a copy of them. They stay
        as they are until the next write, and from now on what is written is remembered for `follow`."""
        self._flush()
        self._disown()
        self._heir = Heir(self._folder / f"{FIRST}.{uuid4().hex[:12]}", self._dimension)
        return str(current(self._folder)), str(self._heir.store)

    def follow(self, store: str, limit: int) -> int:
        """Tell the next generation of ``limit`` points that were written since; how many are left."""
        with native():
            return self._awaited(store).follow(self._shard, limit)

    def switch(self, store: str) -> None:
        """From now on the next generation serves."""
        if current(self._folder) == Path(store):
            return  # the process that did it died before it could say so
        heir = self._awaited(store)
        with native():
            while heir.follow(self._shard, _BROUGHT):
                pass
            heir.shard.flush()
        point(self._folder, heir.store.name)
        old, self._opened, self._heir = self._opened, heir.shard, None
        self._optimized, self._fresh, self._unflushed = count_optimized(heir.store), heir.told, 0
        self._rarities.clear()
        old.close()
        self._warmth.give(heir.store / "shard" / "segments")

    def _recount(self, ids: Sequence[str], by: int) -> None:
        """These points are about to go (-1), or have come (1). Of many at once it is cheaper to count anew."""
        if len(ids) > _RECOUNTED:
            self._rarities.clear()
        if not self._rarities.watches() or not ids:
            return
        with native():
            records = self._shard.retrieve(list(ids), with_payload=["tenant", "show"], with_vector=[WORDS])
        for record in records:
            words = record.vector.get(WORDS)
            show = record.payload["tenant"], record.payload["show"]
            mark = own(*show)
            self._rarities.moved(show, [word ^ mark for word in words.indices] if words else (), by)

    def _awaited(self, store: str) -> Heir:
        if self._heir is None or self._heir.store != Path(store):
            raise IndexFault("The index's process was started anew meanwhile.")
        return self._heir

    def _touch(self, ids: Sequence[str]) -> None:
        """What the next generation must be told."""
        if self._heir is not None:
            self._heir.touch(ids)

    def _disown(self) -> None:
        if self._heir is not None:
            self._heir.close()
            self._heir = None

    def _forget(self) -> None:
        self._recent.clear()
        self._rarities.clear()

    def fingerprints(self, show: str, ids: Sequence[str] | None) -> dict[str, str]:
        must: list[Condition] = [{"key": "show", "match": {"value": show}}] if show else []
        must += [{"has_id": list(ids)}] if ids is not None else []
        return dict(self._engine.every({"must": must}))

    def clear(self) -> None:
        self._disown()
        with native():
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(as_filter({"must": []})))
        self._forget()
        self._flush()

    def close(self) -> None:
        self._disown()
        self._warmth.stop()
        if self._opened is not None:
            self._flush()
            self._opened.close()
        self._lock.release()

    def _point(self, one: Entered) -> Any:
        made = write(self._words, one, self._dimension)
        return qdrant.Point(made.id, {DENSE: list(made.dense), WORDS: sparse(made.words)}, made.payload)

    def _flush(self) -> None:
        with native():
            self._shard.flush()
        self._unflushed = 0

    def _create(self) -> None:
        """Made beside and renamed, so that a store is either whole or not there."""
        store, fresh = self._folder / FIRST, self._folder / f"{FIRST}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "shard").mkdir(parents=True)
        with native():
            make(qdrant, fresh / "shard", self._dimension)
        (fresh / "about.json").write_text(json.dumps(self._about), encoding="utf-8")
        shutil.rmtree(store, ignore_errors=True)
        fresh.rename(store)
        point(self._folder, FIRST)
        sweep(self._folder)

    def _load(self) -> None:
        store = current(self._folder)
        try:
            there = json.loads((store / "about.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise _damaged(self._folder) from fault
        if there != self._about:
            raise StoreDamaged(differs(there, self._about))
        try:
            self._opened = qdrant.EdgeShard.load(str(store / "shard"), config(qdrant, self._dimension))
            self._optimized = count_optimized(store)
            self._fresh = max(0, self._opened.info().points_count - self._optimized)
        except BaseException as fault:  # the native side panics with an exception that is no Exception
            raise _damaged(self._folder) from fault
        self._warmth.give(store / "shard" / "segments")


def _damaged(folder: Path) -> StoreDamaged:
    return StoreDamaged(f"The index in {folder} cannot be read; run dramaturg reindex, which loses nothing.")
