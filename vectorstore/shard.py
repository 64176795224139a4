"""One qdrant-edge shard: what runs in the index process, and is imported only there.

Knows nothing of pipes, of how passages are ranked or of the embedder.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import portalocker
import qdrant_edge as qdrant

from vectorstore.errors import IndexFault, StoreDamaged, StoreLocked
from vectorstore.find import Ranked, Survey, find, survey
from vectorstore.generation import DENSE, FIRST, WORDS, config, count_optimized, current, make, point, sweep
from vectorstore.heir import Heir
from vectorstore.passage import Origin
from vectorstore.query import Query
from vectorstore.rarity import Rarities, Show, holding
from vectorstore.recent import Point, Recent, written
from vectorstore.sight import Condition, Where, corpus
from vectorstore.sparse import Sparse, Words, name_key, own
from vectorstore.store import Arm, Asked, Entered, Pair, Stored, Terms, payload, searchable
from vectorstore.warmth import Warmth

_LAYOUT = 5  # grows when payload, vectors or the analysis of words change: an older store is rebuilt
_FLUSH_EVERY = 2000  # passages; more would make the log slow to replay after a crash, fewer cost 0.1 s each
_PATIENCE = 3.0  # seconds a lock is waited for: the process of a program that was just killed is ending
_PAGE = 1000
_A_TURN = 4  # passages of a turn that are read as neighbours, on the average at most

_RECENT = 4096  # points
_RECOUNTED = 256  # points written at once up to which the counts of words are kept in step
STEP = 20_000  # passages that are scanned as they came; it takes 2 ms
_CANDIDATES = 200  # that a walk through the graph keeps in sight
_OVERSAMPLING = 2.0  # found by their bytes, of which the best by their vectors are taken

_Rated = tuple[str, int, Any]  # a signal, which phrasing, and its vector


class Shard:
    """Takes the folder's lock when it is made. Every method blocks. Each change is in the log when its call returns."""

    def __init__(self, folder: Path, embedder: str, dimension: int, program: str, step: int = STEP) -> None:
        self._folder = folder
        self._dimension = dimension
        self._about = {"layout": _LAYOUT, "embedder": embedder, "dimension": dimension}
        self._words = Words()
        self._recent = Recent(_RECENT)
        self._rarities = Rarities()
        self._warmth = Warmth()
        self._unflushed = 0
        self._step = step
        self._optimized = self._fresh = 0
        self._heir: Heir | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder, program)
        self._opened: Any = None

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
        self._load()

    @property
    def _shard(self) -> Any:
        if self._opened is None:
            self.open()
        return self._opened

    def find(self, where: Where, asked: Asked, query: Query) -> Ranked:
        return find(self, where, asked, query)

    def survey(self, where: Where, asked: Asked) -> Survey:
        return survey(self, where, asked)

    def arms(self, where: Where, asked: Asked) -> list[Arm]:
        lanes = {origin: _filter(condition) for origin, condition in where.lanes.items()}
        told = self._told(where, [self._words.query(text) for text in asked.texts])
        rated: list[_Rated] = [(DENSE, number, list(vector)) for number, vector in enumerate(asked.vectors)]
        rated += [(WORDS, number, _sparse(one)) for number, one in enumerate(told) if one.indices]
        named = self._named(lanes, asked)
        arms = [(origin, one) for origin in lanes for one in rated]
        found = self._scores([_nearest(one, lanes[origin], asked.depth) for origin, one in arms])
        every = {origin: set(named[origin]) for origin in lanes}
        for (origin, _), scores in zip(arms, found, strict=True):
            every[origin].update(scores)
        self._rate_all(arms, found, every, lanes)
        by_name = [Arm(origin, "name", 0, dict.fromkeys(ids, 1.0)) for origin, ids in named.items() if ids]
        return by_name + [
            Arm(origin, signal, phrasing, {one: scores.get(one, 0.0) for one in sorted(every[origin])})
            for (origin, (signal, phrasing, _)), scores in zip(arms, found, strict=True)
        ]

    def _rate_all(
        self,
        arms: Sequence[tuple[Origin, _Rated]],
        found: Sequence[dict[str, float]],
        every: Mapping[Origin, set[str]],
        lanes: Mapping[Origin, Any],
    ) -> None:
        """Rate the best of every arm by every arm of their origin: fusing scores needs them all."""
        late = [
            (origin, one, scores, every[origin] - scores.keys())
            for (origin, one), scores in zip(arms, found, strict=True)
        ]
        late = [one for one in late if one[-1]]
        asked = [
            _nearest(one, {"must": [lanes[origin], {"has_id": sorted(missing)}]}, len(missing))
            for origin, one, _, missing in late
        ]
        for (_, _, scores, _), more in zip(late, self._scores(asked), strict=True):
            scores.update(more)

    def terms(self, where: Where, texts: Sequence[str]) -> list[Terms]:
        asked = [self._words.query(text).indices for text in texts]
        self._count(where, {word for words in asked for word in words})
        return [
            Terms({word: self._rarities.of(where.show, word) for word in words}, frozenset(self._words.pairs(text)))
            for words, text in zip(asked, texts, strict=True)
        ]

    def take(self, ids: Sequence[str], terms: Sequence[Terms]) -> list[Stored]:
        words = {word for one in terms for word in one.words}
        pairs = {pair for one in terms for pair in one.pairs}
        return [self._stored(one, point, words, pairs) for one, point in self._points(ids)]

    def read(self, where: Where, ids: Sequence[str], depths: Sequence[int], terms: Sequence[Terms]) -> list[Stored]:
        wanted: list[Condition] = [{"must": [where.anything, {"has_id": list(ids)}]}] if ids else []
        lane = where.lanes.get(Origin.TURN)
        if lane and depths:
            wanted.append({"must": [lane, {"key": "depth", "match": {"any": list(depths)}}]})
        seen = self._seen({"should": wanted}, len(ids) + _A_TURN * len(depths)) if wanted else ()
        return self.take([str(record.id) for record in seen], terms)

    def _seen(self, condition: Condition, limit: int, payload: bool | list[str] = False) -> Sequence[Any]:
        """What meets the condition."""
        request = qdrant.ScrollRequest(limit=limit, filter=_filter(condition), with_payload=payload)
        with _native():
            records: Sequence[Any] = self._shard.scroll(request)[0]
        return records

    def _points(self, ids: Sequence[str]) -> list[tuple[str, Point]]:
        if missing := self._recent.missing(ids):
            with _native():
                records = self._shard.retrieve(missing, with_payload=True, with_vector=True)
            for record in records:
                vectors = record.vector  # each look makes it anew
                self._recent.add(str(record.id), record.payload, vectors.get(DENSE, ()), vectors.get(WORDS))
        return self._recent.take(ids)

    def _stored(self, one: str, point: Point, words: set[int], pairs: set[Pair]) -> Stored:
        held = point.weights
        weights = {word: held[word] for word in words if word in held}
        found = self._words.pairs(point.text, pairs) if weights and _possible(pairs, words - weights.keys()) else ()
        return Stored(one, point.passage, point.vector, weights, frozenset(found), point.pieces)

    def put(self, entered: Sequence[Entered]) -> bool:
        """Whether the shard has grown so much that it should be optimized."""
        ids = [one.passage.id for one in entered]
        points = [self._point(one) for one in entered]
        self._recount(ids, -1)
        with _native():
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
        gone = [str(one.id) for one in self._scroll(condition)] if self._heir or self._rarities.watches() else []
        self._recount(gone, -1)
        self._touch(gone)
        with _native():
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(_filter(condition)))
        self._recent.forget(record=record)

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
        with _native():
            return self._awaited(store).follow(self._shard, limit)

    def switch(self, store: str) -> None:
        """From now on the next generation serves."""
        if current(self._folder) == Path(store):
            return  # the process that did it died before it could say so
        heir = self._awaited(store)
        with _native():
            while heir.follow(self._shard, _PAGE):
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
        with _native():
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
        return {str(one.id): one.payload["fingerprint"] for one in self._scroll({"must": must})}

    def clear(self) -> None:
        self._disown()
        with _native():
            self._shard.update(qdrant.UpdateOperation.delete_points_by_filter(_filter({"must": []})))
        self._forget()
        self._flush()

    def close(self) -> None:
        self._disown()
        self._warmth.stop()
        if self._opened is not None:
            self._flush()
            self._opened.close()
        self._lock.release()

    def _told(self, where: Where, asked: Sequence[Sparse]) -> list[Sparse]:
        """The queries in the show's own numbers, whose words weigh what they do in the show: the engine weighs them
        by how rare they are in the whole store. Words that occur nowhere in it are left out."""
        self._count(where, {word for query in asked for word in query.indices})
        stored, mark = self._shard.info().points_count, own(*where.show)
        return [_scaled(query, self._rarities, where.show, stored).of(mark) for query in asked]

    def _count(self, where: Where, words: set[int]) -> None:
        """Counts the words that were not yet."""
        unknown = self._rarities.missing(where.show, words)
        if not unknown:
            return
        mark, condition = own(*where.show), corpus(*where.show)
        total = self._rarities.total(where.show)
        counted = self._size(condition) if total is None else total
        params = qdrant.SearchParams(idf=qdrant.IdfParams(corpus=_filter(condition)))
        found = self._batch([_alone(word ^ mark, params) for word in unknown])
        held = {word: _holding(word ^ mark, counted, hits) for word, hits in zip(unknown, found, strict=True)}
        self._rarities.learn(where.show, counted, held)

    def _size(self, condition: Condition) -> int:
        with _native():
            return int(self._shard.count(qdrant.CountRequest(filter=_filter(condition), exact=True)))

    def _scores(self, asked: list[Any]) -> list[dict[str, float]]:
        return [{str(hit.id): hit.score for hit in hits} for hits in self._batch(asked)] if asked else []

    def _batch(self, asked: list[Any]) -> list[list[Any]]:
        with _native():
            found: list[list[Any]] = self._shard.query_batch(qdrant.QueryBatchRequest(asked))
        return found

    def _named(self, lanes: Mapping[Origin, Any], asked: Asked) -> dict[Origin, list[str]]:
        """What is called by a name that was said, by origin."""
        keys = {*asked.names, *(key for text in asked.texts for key in self._words.spoken(text))}
        named: dict[Origin, list[str]] = {origin: [] for origin in lanes}
        called = {"must": [{"should": list(lanes.values())}, {"key": "keys", "match": {"any": sorted(keys)}}]}
        for record in self._seen(called, asked.depth * len(lanes), ["origin"]) if keys else ():
            named[Origin(record.payload["origin"])].append(str(record.id))
        return named

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
        words = self._words.passage(searchable(one.passage)).of(own(one.passage.tenant, one.passage.show))
        keys = sorted({key for key in map(name_key, one.passage.names) if key})
        vectors = {DENSE: list(one.vector), WORDS: _sparse(words)}
        return qdrant.Point(one.passage.id, vectors, {**payload(one.passage), "keys": keys, **written(one.pieces)})

    def _flush(self) -> None:
        with _native():
            self._shard.flush()
        self._unflushed = 0

    def _create(self) -> None:
        """Made beside and renamed, so that a store is either whole or not there."""
        store, fresh = self._folder / FIRST, self._folder / f"{FIRST}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "shard").mkdir(parents=True)
        with _native():
            make(qdrant, fresh / "shard", self._dimension)
        (fresh / "about.json").write_text(json.dumps(self._about), encoding="utf-8")
        shutil.rmtree(store, ignore_errors=True)
        fresh.rename(store)
        point(self._folder, FIRST)
        sweep(self._folder)

    def _load(self) -> None:
        store = current(self._folder)
        try:
            about = json.loads((store / "about.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise _damaged(self._folder) from fault
        if about != self._about:
            raise StoreDamaged(_differs(about, self._about))
        try:
            self._opened = qdrant.EdgeShard.load(str(store / "shard"), config(qdrant, self._dimension))
            self._optimized = count_optimized(store)
            self._fresh = max(0, self._opened.info().points_count - self._optimized)
        except BaseException as fault:  # the native side panics with an exception that is no Exception
            raise _damaged(self._folder) from fault
        self._warmth.give(store / "shard" / "segments")


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


def _nearest(rated: _Rated, condition: Any, limit: int) -> Any:
    using, _, vector = rated
    nearest = qdrant.Query.Nearest(vector, using=using)
    params = None
    if using == DENSE:
        weighed = qdrant.QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING)
        params = qdrant.SearchParams(hnsw_ef=_CANDIDATES, quantization=weighed)
    return qdrant.QueryRequest(limit=limit, query=nearest, filter=_filter(condition), params=params)


def _alone(word: int, params: Any) -> Any:
    """What one word finds by itself: the passage in which it weighs most."""
    nearest = qdrant.Query.Nearest(qdrant.SparseVector([word], [1.0]), using=WORDS)
    return qdrant.QueryRequest(limit=1, query=nearest, params=params, with_vector=[WORDS])


def _holding(word: int, total: int, hits: Sequence[Any]) -> int:
    """How many of ``total`` passages hold a word, from how rare the engine takes it to be: what it scores in a
    passage over what it weighs there."""
    if not hits:
        return 0
    held = hits[0].vector[WORDS]
    return holding(total, float(hits[0].score / held.values[held.indices.index(word)]))


def _scaled(query: Sparse, rarities: Rarities, show: Show, stored: int) -> Sparse:
    """A query whose words weigh in a store of so many passages what they do in the show."""
    scales = [(rarities.of(show, word), rarities.of(show, word, stored)) for word in query.indices]
    found = [
        (word, value * here / everywhere)
        for word, value, (here, everywhere) in zip(query.indices, query.values, scales, strict=True)
        if here and everywhere
    ]
    return Sparse(tuple(word for word, _ in found), tuple(value for _, value in found))


def _possible(pairs: set[Pair], lacking: set[int]) -> bool:
    """Whether any of these pairs may stand where these words are lacking."""
    return any(pair[0] not in lacking and pair[1] not in lacking for pair in pairs)


def _sparse(words: Sparse) -> Any:
    return qdrant.SparseVector(list(words.indices), list(words.values))


def _filter(condition: Any) -> Any:
    """Qdrant's JSON filter, or what is one already in parts, as the embedded engine's objects."""
    if isinstance(condition, qdrant.Filter):
        return condition

    def clauses(name: str) -> list[Any] | None:
        return [_clause(one) for one in condition[name]] if name in condition else None

    return qdrant.Filter(must=clauses("must"), should=clauses("should"), must_not=clauses("must_not"))


def _clause(condition: Any) -> Any:
    if isinstance(condition, qdrant.Filter):
        return condition
    if "has_id" in condition:
        return qdrant.HasIdCondition(set(condition["has_id"]))
    if "key" not in condition:
        return _filter(condition)
    if "range" in condition:
        return qdrant.FieldCondition(condition["key"], range=qdrant.RangeFloat(**condition["range"]))
    match = condition["match"]
    wanted = qdrant.MatchAny(match["any"]) if "any" in match else qdrant.MatchValue(match["value"])
    return qdrant.FieldCondition(condition["key"], match=wanted)
