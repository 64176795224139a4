"""Remote engine: a collection in a Qdrant server as a reader's Engine.

Other programs write there, too: so a point that was read lately is used only while the server has it with the same
fingerprint and shows it to this search, and nothing else is kept. Runs in the index process and is imported only
there. Knows nothing of what is asked of it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from qdrant_client import models

from vectorstore.layout import CANDIDATES, DENSE, OVERSAMPLING, WORDS
from vectorstore.line import Line
from vectorstore.reader import Near
from vectorstore.recent import Point, Recent
from vectorstore.sight import Condition, Where
from vectorstore.sparse import Sparse

_PAGE = 1000
_MARK = "fingerprint"
_AT_ONCE = 64  # queries in one request


class RemoteEngine:
    """``name`` is the collection."""

    def __init__(self, line: Line, name: str, recent: Recent) -> None:
        self._line = line
        self._name = name
        self._recent = recent

    def ready(self, condition: Condition) -> Any:
        return models.Filter.model_validate(condition)

    def nearest(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        found = self._batch([_nearest(one) for one in asked])
        return [{str(hit.id): hit.score for hit in hits} for hits in found]

    def alone(self, words: Sequence[int], among: Condition) -> list[tuple[float, float] | None]:
        params = _among(among)
        found = self._batch([_alone(word, params) for word in words])
        return [_weighed(word, hits) for word, hits in zip(words, found, strict=True)]

    def weighing(self) -> None:
        """The server's statistics hold what was deleted until it optimizes, and each shard has its own."""
        return None

    def seen(self, condition: Condition, limit: int, key: str) -> list[tuple[str, Any]]:
        return [(str(one.id), (one.payload or {})[key]) for one in self._scroll(condition, limit, [key], False)]

    def count(self, condition: Condition) -> int:
        wanted = as_filter(condition)
        return self._line.ask(lambda client: client.count(self._name, wanted, exact=True)).count

    def points(self, where: Where, ids: Sequence[str]) -> list[tuple[str, Point]]:
        """Read by what may be seen once more: it may have changed since the arms found it."""
        there = dict(self.within({"must": [where.anything, {"has_id": list(ids)}]}, len(ids))) if ids else {}
        return [(one, there[one]) for one in ids if one in there]

    def within(self, condition: Condition, limit: int) -> list[tuple[str, Point]]:
        marks = dict(self.seen(condition, limit, _MARK))
        self._recent.forget(one for one, mark in self._recent.marks(marks) if mark != marks[one])
        if missing := self._recent.missing(marks):
            both = {"must": [as_filter(condition), {"has_id": missing}]}
            for record in self._scroll(both, len(missing), True, True):
                vectors = record.vector if isinstance(record.vector, dict) else {}
                dense: Any = vectors.get(DENSE, ())
                self._recent.add(str(record.id), record.payload or {}, dense, vectors.get(WORDS))
        return self._recent.take(marks)

    def every(self, condition: Condition) -> Iterator[tuple[str, str]]:
        """Ids and fingerprints, page by page."""
        wanted, after = as_filter(condition), None
        while True:
            records, after = self._page(wanted, after)
            yield from ((str(one.id), (one.payload or {})[_MARK]) for one in records)
            if after is None:
                return

    def _page(self, wanted: models.Filter, after: Any) -> Any:
        return self._line.ask(
            lambda client: client.scroll(self._name, wanted, limit=_PAGE, offset=after, with_payload=[_MARK])
        )

    def _scroll(self, condition: Condition, limit: int, payload: bool | list[str], vectors: bool) -> Sequence[Any]:
        wanted = as_filter(condition)
        found: tuple[Sequence[Any], Any] = self._line.ask(
            lambda client: client.scroll(self._name, wanted, limit=limit, with_payload=payload, with_vectors=vectors)
        )
        return found[0]

    def _batch(self, asked: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        return [one for start in range(0, len(asked), _AT_ONCE) for one in self._some(asked[start : start + _AT_ONCE])]

    def _some(self, asked: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        found = self._line.ask(lambda client: client.query_batch_points(self._name, asked))
        return [one.points for one in found]


def as_filter(condition: Any) -> models.Filter:
    """Qdrant's JSON filter, or what is one already in parts."""
    return condition if isinstance(condition, models.Filter) else models.Filter.model_validate(condition)


def sparse(words: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(words.indices), values=list(words.values))


def _among(corpus: Any) -> models.SearchParams:
    return models.SearchParams(idf=models.IdfCorpusParams(corpus=as_filter(corpus)))


def _nearest(near: Near) -> models.QueryRequest:
    vector = sparse(near.vector) if isinstance(near.vector, Sparse) else near.vector
    if near.signal == DENSE:
        weighed = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        params = models.SearchParams(hnsw_ef=CANDIDATES, quantization=weighed)
    else:
        params = _among(near.corpus)
    return models.QueryRequest(
        query=models.NearestQuery(nearest=vector),
        using=near.signal,
        filter=as_filter(near.condition),
        params=params,
        limit=near.limit,
        with_payload=False,
        with_vector=False,
    )


def _alone(word: int, params: models.SearchParams) -> models.QueryRequest:
    return models.QueryRequest(
        query=models.NearestQuery(nearest=models.SparseVector(indices=[word], values=[1.0])),
        using=WORDS,
        params=params,
        limit=1,
        with_payload=False,
        with_vector=[WORDS],
    )


def _weighed(word: int, hits: Sequence[models.ScoredPoint]) -> tuple[float, float] | None:
    held: Any = hits[0].vector if hits else None
    if not held:
        return None
    return hits[0].score, held[WORDS].values[held[WORDS].indices.index(word)]
