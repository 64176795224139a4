"""One qdrant-edge shard: what runs in the index process, and is imported only there.

Knows nothing of pipes, of ranking or of the embedder.
"""

import json
import os
import shutil
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import portalocker
import qdrant_edge as qdrant

from vectorstore.errors import IndexFault, StoreDamaged, StoreLocked
from vectorstore.passage import Origin
from vectorstore.sight import Condition, Where
from vectorstore.sparse import Sparse, Words, name_key
from vectorstore.store import Arm, Asked, Entered, Pair, Stored, Terms, passage_of, payload, searchable

_DENSE, _WORDS = "dense", "bm25"
_LAYOUT = 3  # grows when payload, vectors or the analysis of words change: an older store is rebuilt
_KEYWORDS = ("show", "origin", "kind", "status", "record", "thread", "branch", "keys")
_FLUSH_EVERY = 2000  # passages; more would make the log slow to replay after a crash, fewer cost 0.1 s each
_PATIENCE = 3.0  # seconds a lock is waited for: the process of a program that was just killed is ending
_PAGE = 1000
_A_TURN = 4  # passages of a turn that are read as neighbours, on the average at most

_Rated = tuple[str, int, Any]  # a signal, which phrasing, and its vector


class Shard:
    """Takes the folder's lock when it is made. Every method blocks. Each change is in the log when its call returns."""

    def __init__(self, folder: Path, embedder: str, dimension: int, program: str) -> None:
        self._folder = folder
        self._dimension = dimension
        self._about = {"layout": _LAYOUT, "embedder": embedder, "dimension": dimension}
        self._words = Words()
        self._unflushed = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder, program)
        self._opened: Any = None

    def open(self) -> None:
        """Open what is in the folder, or make it. Comes of itself with the first call."""
        if not (self._folder / "store").exists():
            self._create()
        self._load()

    def renew(self) -> None:
        """Throw away what is in the folder, readable or not, and start empty."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        self._create()
        self._load()

    @property
    def _shard(self) -> Any:
        if self._opened is None:
            self.open()
        return self._opened

    def arms(self, where: Where, asked: Asked) -> list[Arm]:
        queries = [self._words.query(text) for text in asked.texts]
        keys = {*asked.names, *(key for text in asked.texts for key in self._words.spoken(text))}
        found: list[Arm] = []
        for origin, lane in where.lanes.items():
            named = self._named(lane, sorted(keys), asked.depth)
            rated = [(_DENSE, number, list(vector)) for number, vector in enumerate(asked.vectors)]
            rated += [(_WORDS, number, _sparse(words)) for number, words in enumerate(queries) if words.indices]
            found += self._rate(origin, where, rated, set(named), asked.depth)
            if named:
                found.append(Arm(origin, "name", 0, dict.fromkeys(named, 1.0)))
        return found

    def terms(self, where: Where, texts: Sequence[str]) -> list[Terms]:
        asked = [self._words.query(text).indices for text in texts]
        rarity = self._rarity(where, sorted({word for words in asked for word in words}))
        return [
            Terms({word: rarity.get(word, 0.0) for word in words}, frozenset(self._words.pairs(text)))
            for words, text in zip(asked, texts, strict=True)
        ]

    def read(self, where: Where, ids: Sequence[str], depths: Sequence[int], terms: Sequence[Terms]) -> list[Stored]:
        records = self._page({"must": [where.anything, {"has_id": list(ids)}]}, len(ids)) if ids else []
        lane = where.lanes.get(Origin.TURN)
        if lane and depths:
            said = {"must": [lane, {"key": "depth", "match": {"any": list(depths)}}]}
            records += self._page(said, _A_TURN * len(depths))
        words = {word for one in terms for word in one.words}
        pairs = {pair for one in terms for pair in one.pairs}
        return [self._stored(record, words, pairs) for record in records]

    def _page(self, condition: Condition, limit: int) -> list[Any]:
        request = qdrant.ScrollRequest(limit=limit, filter=_filter(condition), with_payload=True, with_vector=True)
        with _native():
            records, _ = self._shard.scroll(request)
        return list(records)

    def put(self, entered: Sequence[Entered]) -> None:
        with _native():
            self._shard.update(qdrant.UpdateOperation.upsert_points([self._point(one) for one in entered]))
        self._unflushed += len(entered)
        if self._unflushed >= _FLUSH_EVERY:
            self._flush()

    def drop(self, record: str, keep: Sequence[str]) -> None:
        condition = {"must": [{"key": "record", "match": {"value": record}}], "must_not": [{"has_id": list(keep)}]}
        with _native():
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(_filter(condition)))

    def fingerprints(self, show: str, ids: Sequence[str] | None) -> dict[str, str]:
        must: list[Condition] = [{"key": "show", "match": {"value": show}}] if show else []
        must += [{"has_id": list(ids)}] if ids is not None else []
        return {str(one.id): one.payload["fingerprint"] for one in self._scroll({"must": must})}

    def clear(self) -> None:
        with _native():
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(_filter({"must": []})))
        self._flush()

    def close(self) -> None:
        if self._opened is not None:
            self._flush()
            self._opened.close()
        self._lock.release()

    def _rate(self, origin: Origin, where: Where, rated: Sequence[_Rated], more: set[str], depth: int) -> list[Arm]:
        """Rate the best of every arm by every arm: fusing scores needs them all."""
        lane = where.lanes[origin]
        arms = self._scores([_nearest(one, lane, where.corpus, depth) for one in rated])
        everyone = more.union(*arms)
        late = [(one, arm, missing) for one, arm in zip(rated, arms, strict=True) if (missing := everyone - arm.keys())]
        asked = [
            _nearest(one, {"must": [lane, {"has_id": sorted(missing)}]}, where.corpus, len(missing))
            for one, _, missing in late
        ]
        for (_, arm, _), scores in zip(late, self._scores(asked), strict=True):
            arm.update(scores)
        return [
            Arm(origin, signal, phrasing, {one: arm.get(one, 0.0) for one in sorted(everyone)})
            for (signal, phrasing, _), arm in zip(rated, arms, strict=True)
        ]

    def _rarity(self, where: Where, words: Sequence[int]) -> dict[int, float]:
        """How rare each word is in the show, as BM25 has it; words that occur nowhere are left out."""
        if not words:
            return {}
        asked = [
            qdrant.QueryRequest(
                limit=1,
                query=qdrant.Query.Nearest(qdrant.SparseVector([word], [1.0]), using=_WORDS),
                filter=_filter(where.corpus),
                params=qdrant.SearchParams(idf=qdrant.IdfParams(corpus=_filter(where.corpus))),
                with_vector=[_WORDS],
            )
            for word in words
        ]
        with _native():
            found = self._shard.query_batch(qdrant.QueryBatchRequest(asked))
        rarity: dict[int, float] = {}
        for word, hits in zip(words, found, strict=True):
            for hit in hits:
                held = hit.vector[_WORDS]
                rarity[word] = hit.score / held.values[held.indices.index(word)]
        return rarity

    def _stored(self, record: Any, words: set[int], pairs: set[Pair]) -> Stored:
        held = record.vector.get(_WORDS)
        weights = {} if held is None else dict(zip(held.indices, held.values, strict=True))
        passage = passage_of(record.payload)
        return Stored(
            str(record.id),
            passage,
            array("f", record.vector.get(_DENSE, ())),
            {word: weights[word] for word in words & weights.keys()},
            frozenset(self._words.pairs(searchable(passage), pairs)) if pairs else frozenset(),
        )

    def _scores(self, asked: list[Any]) -> list[dict[str, float]]:
        if not asked:
            return []
        with _native():
            found = self._shard.query_batch(qdrant.QueryBatchRequest(asked))
        return [{str(hit.id): hit.score for hit in hits} for hits in found]

    def _named(self, lane: Condition, keys: list[str], depth: int) -> list[str]:
        if not keys:
            return []
        condition = {"must": [lane, {"key": "keys", "match": {"any": keys}}]}
        with _native():
            records, _ = self._shard.scroll(
                qdrant.ScrollRequest(limit=depth, filter=_filter(condition), with_payload=False)
            )
        return [str(record.id) for record in records]

    def _scroll(self, condition: Condition) -> Iterator[Any]:
        after: Any = None
        while True:
            request = qdrant.ScrollRequest(
                offset=after, limit=_PAGE, filter=_filter(condition), with_payload=["fingerprint"]
            )
            with _native():
                records, after = self._shard.scroll(request)
            yield from records
            if after is None:
                return

    def _point(self, one: Entered) -> Any:
        if len(one.vector) != self._dimension:
            raise StoreDamaged(
                f"The embedder gives {len(one.vector)} numbers and the index holds {self._dimension}; "
                "run dramaturg reindex."
            )
        words = self._words.passage(searchable(one.passage))
        keys = sorted({key for key in map(name_key, one.passage.names) if key})
        vectors = {_DENSE: list(one.vector), _WORDS: _sparse(words)}
        return qdrant.Point(one.passage.id, vectors, {**payload(one.passage), "keys": keys})

    def _flush(self) -> None:
        with _native():
            self._shard.flush()
        self._unflushed = 0

    def _create(self) -> None:
        """Made beside and renamed, so that a store is either whole or not there."""
        store, fresh = self._folder / "store", self._folder / "store.new"
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "shard").mkdir(parents=True)
        dense = qdrant.EdgeVectorParams(size=self._dimension, distance=qdrant.Distance.Cosine)
        words = qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)
        with _native():
            made = qdrant.EdgeShard.create(
                str(fresh / "shard"), qdrant.EdgeConfig(vectors={_DENSE: dense}, sparse_vectors={_WORDS: words})
            )
            index = qdrant.UpdateOperation.create_field_index
            made.update(index("tenant", qdrant.KeywordIndexParams(is_tenant=True)))
            for key in _KEYWORDS:
                made.update(index(key, qdrant.PayloadSchemaType.Keyword))
            made.update(index("depth", qdrant.PayloadSchemaType.Integer))
            made.flush()
            made.close()
        (fresh / "about.json").write_text(json.dumps(self._about), encoding="utf-8")
        shutil.rmtree(store, ignore_errors=True)
        fresh.rename(store)

    def _load(self) -> None:
        store = self._folder / "store"
        try:
            about = json.loads((store / "about.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise _damaged(self._folder) from fault
        if about != self._about:
            raise StoreDamaged(_differs(about, self._about))
        try:
            self._opened = qdrant.EdgeShard.load(str(store / "shard"))
            self._opened.count(qdrant.CountRequest())
        except BaseException as fault:  # the native side panics with an exception that is no Exception
            raise _damaged(self._folder) from fault


def _locked(folder: Path, program: str) -> portalocker.Lock:
    """The operating system's lock on the folder: it dies with the process that holds it."""
    lock, holder = portalocker.Lock(folder / "lock", mode="a", timeout=_PATIENCE, check_interval=0.1), folder / "holder"
    try:
        lock.acquire()
    except portalocker.LockException as fault:
        with suppress(OSError):
            by = holder.read_text(encoding="utf-8")
            raise StoreLocked(f"The index in {folder} is in use by {by}; end it first, then try again.") from fault
        raise StoreLocked(f"The index in {folder} is in use by another program; end it first.") from fault
    holder.write_text(f"{program} (process {os.getppid()})", encoding="utf-8")
    return lock


@contextmanager
def _native() -> Iterator[None]:
    """The native side raises bare Exceptions; ours have a name."""
    try:
        yield
    except IndexFault:
        raise
    except Exception as fault:
        raise IndexFault(f"The index could not do what was asked ({fault}); run dramaturg doctor.") from fault


def _damaged(folder: Path) -> StoreDamaged:
    return StoreDamaged(f"The index in {folder} cannot be read; run dramaturg reindex, which loses nothing.")


def _differs(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    if there.get("layout") != here["layout"]:
        return "The index was made by another version of Dramaturg; run dramaturg reindex, which loses nothing."
    return (
        f"The index was made with the embedder {there.get('embedder')!r} and {here['embedder']!r} is set now; "
        "set it back or run dramaturg reindex."
    )


def _nearest(rated: _Rated, condition: Condition, corpus: Condition, limit: int) -> Any:
    using, _, vector = rated
    params = qdrant.SearchParams(idf=qdrant.IdfParams(corpus=_filter(corpus))) if using == _WORDS else None
    nearest = qdrant.Query.Nearest(vector, using=using)
    return qdrant.QueryRequest(limit=limit, query=nearest, filter=_filter(condition), params=params)


def _sparse(words: Sparse) -> Any:
    return qdrant.SparseVector(list(words.indices), list(words.values))


def _filter(condition: Condition) -> Any:
    """Qdrant's JSON filter as the embedded engine's objects."""

    def clauses(name: str) -> list[Any] | None:
        return [_clause(one) for one in condition[name]] if name in condition else None

    return qdrant.Filter(must=clauses("must"), should=clauses("should"), must_not=clauses("must_not"))


def _clause(condition: Condition) -> Any:
    if "has_id" in condition:
        return qdrant.HasIdCondition(set(condition["has_id"]))
    if "key" not in condition:
        return _filter(condition)
    if "range" in condition:
        return qdrant.FieldCondition(condition["key"], range=qdrant.RangeFloat(**condition["range"]))
    match = condition["match"]
    wanted = qdrant.MatchAny(match["any"]) if "any" in match else qdrant.MatchValue(match["value"])
    return qdrant.FieldCondition(condition["key"], match=wanted)
