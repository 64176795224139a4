"""Native: the embedded engine's shard as a reader's Engine, and our conditions as its objects.

Runs in the index process and is imported only there. Knows nothing of where the shard's files are or of what
is asked of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import qdrant_edge as qdrant

from vectorstore.errors import IndexFault
from vectorstore.layout import CANDIDATES, DENSE, OVERSAMPLING, WORDS
from vectorstore.reader import Near
from vectorstore.recent import Point, Recent
from vectorstore.sight import Condition, Where
from vectorstore.sparse import Sparse

_PAGE = 1000


class EdgeEngine:
    """``opened`` gives the shard that serves. ``recent`` holds points as they are: whoever writes one forgets it
    there."""

    def __init__(self, opened: Callable[[], Any], recent: Recent) -> None:
        self._opened = opened
        self._recent = recent

    def ready(self, condition: Condition) -> Any:
        return as_filter(condition)

    def nearest(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        found = self._batch([_nearest(one) for one in asked])
        return [{str(hit.id): hit.score for hit in hits} for hits in found]

    def alone(self, words: Sequence[int], among: Condition) -> list[tuple[float, float] | None]:
        params = qdrant.SearchParams(idf=qdrant.IdfParams(corpus=as_filter(among)))
        found = self._batch([_alone(word, params) for word in words])
        return [_weighed(word, hits) for word, hits in zip(words, found, strict=True)]

    def weighing(self) -> int:
        return int(self._opened().info().points_count)

    def seen(self, condition: Condition, limit: int, key: str) -> list[tuple[str, Any]]:
        return [(str(record.id), record.payload[key]) for record in self._scroll(condition, limit, [key])]

    def count(self, condition: Condition) -> int:
        with native():
            return int(self._opened().count(qdrant.CountRequest(filter=as_filter(condition), exact=True)))

    def points(self, where: Where, ids: Sequence[str]) -> list[tuple[str, Point]]:
        """What the arms have found may be seen: nothing is written between two calls of one search."""
        return self._points(ids)

    def within(self, condition: Condition, limit: int) -> list[tuple[str, Point]]:
        return self._points([str(record.id) for record in self._scroll(condition, limit, False)])

    def every(self, condition: Condition) -> Iterator[tuple[str, str]]:
        """Ids and fingerprints, page by page."""
        after: Any = None
        while True:
            request = qdrant.ScrollRequest(
                offset=after, limit=_PAGE, filter=as_filter(condition), with_payload=["fingerprint"]
            )
            with native():
                records, after = self._opened().scroll(request)
            yield from ((str(one.id), one.payload["fingerprint"]) for one in records)
            if after is None:
                return

    def _scroll(self, condition: Condition, limit: int, payload: bool | list[str]) -> Sequence[Any]:
        request = qdrant.ScrollRequest(limit=limit, filter=as_filter(condition), with_payload=payload)
        with native():
            records: Sequence[Any] = self._opened().scroll(request)[0]
        return records

    def _points(self, ids: Sequence[str]) -> list[tuple[str, Point]]:
        if missing := self._recent.missing(ids):
            with native():
                records = self._opened().retrieve(missing, with_payload=True, with_vector=True)
            for record in records:
                vectors = record.vector  # each look makes it anew
                self._recent.add(str(record.id), record.payload, vectors.get(DENSE, ()), vectors.get(WORDS))
        return self._recent.take(ids)

    def _batch(self, asked: list[Any]) -> list[list[Any]]:
        with native():
            found: list[list[Any]] = self._opened().query_batch(qdrant.QueryBatchRequest(asked))
        return found


@contextmanager
def native() -> Iterator[None]:
    """The native side raises bare Exceptions; ours have a name."""
    try:
        yield
    except IndexFault:
        raise
    except Exception as fault:
        raise IndexFault(f"The index could not do what was asked ({fault}); run dramaturg doctor.") from fault


def sparse(words: Sparse) -> Any:
    return qdrant.SparseVector(list(words.indices), list(words.values))


def as_filter(condition: Any) -> Any:
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
        return as_filter(condition)
    if "range" in condition:
        return qdrant.FieldCondition(condition["key"], range=qdrant.RangeFloat(**condition["range"]))
    match = condition["match"]
    wanted = qdrant.MatchAny(match["any"]) if "any" in match else qdrant.MatchValue(match["value"])
    return qdrant.FieldCondition(condition["key"], match=wanted)


def _nearest(near: Near) -> Any:
    vector = sparse(near.vector) if isinstance(near.vector, Sparse) else near.vector
    nearest = qdrant.Query.Nearest(vector, using=near.signal)
    params = None
    if near.signal == DENSE:
        weighed = qdrant.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        params = qdrant.SearchParams(hnsw_ef=CANDIDATES, quantization=weighed)
    return qdrant.QueryRequest(limit=near.limit, query=nearest, filter=as_filter(near.condition), params=params)


def _alone(word: int, params: Any) -> Any:
    nearest = qdrant.Query.Nearest(qdrant.SparseVector([word], [1.0]), using=WORDS)
    return qdrant.QueryRequest(limit=1, query=nearest, params=params, with_vector=[WORDS])


def _weighed(word: int, hits: Sequence[Any]) -> tuple[float, float] | None:
    if not hits:
        return None
    held = hits[0].vector[WORDS]
    return float(hits[0].score), float(held.values[held.indices.index(word)])
