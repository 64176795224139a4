"""Remote query: our conditions and questions as the Qdrant SDK's.

What must be complete is asked for as ``exact``: of 128 points and more each of several shards otherwise gives only as
many as are likely to be its share (lib/collection/src/collection/query.rs of Qdrant 1.19).

Runs in the index process and is imported only there. Knows nothing of connections or of what is asked.
"""

from collections.abc import Collection, Sequence
from typing import Any

from qdrant_client import models

from vectorstore.layout import CANDIDATES, DENSE, OVERSAMPLING, WORDS
from vectorstore.reader import Near
from vectorstore.sight import Condition
from vectorstore.sparse import Sparse


def as_filter(condition: Any) -> models.Filter:
    """Qdrant's JSON filter, or what is one already in parts."""
    return condition if isinstance(condition, models.Filter) else models.Filter.model_validate(condition)


def sparse(words: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(words.indices), values=list(words.values))


def among(corpus: Any, exact: bool | None = None) -> models.SearchParams:
    """Words weigh what they do there."""
    return models.SearchParams(idf=models.IdfCorpusParams(corpus=as_filter(corpus)), exact=exact)


def nearest(near: Near, payload: Sequence[str] = (), exact: bool | None = None) -> models.QueryRequest:
    vector = sparse(near.vector) if isinstance(near.vector, Sparse) else near.vector
    if near.signal == DENSE:
        weighed = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        params = models.SearchParams(hnsw_ef=CANDIDATES, quantization=weighed, exact=exact)
    else:
        params = among(near.corpus, exact)
    return models.QueryRequest(
        query=models.NearestQuery(nearest=vector),
        using=near.signal,
        filter=as_filter(near.condition),
        params=params,
        limit=near.limit,
        with_payload=list(payload) or False,
        with_vector=False,
    )


def alone(word: int, params: models.SearchParams) -> models.QueryRequest:
    """The passage in which a word weighs most."""
    return models.QueryRequest(
        query=models.NearestQuery(nearest=models.SparseVector(indices=[word], values=[1.0])),
        using=WORDS,
        params=params,
        limit=1,
        with_payload=False,
        with_vector=[WORDS],
    )


def listed(condition: Condition, limit: int, payload: Sequence[str] = ()) -> models.QueryRequest:
    """What meets a condition: these fields of the payload, or all that there is."""
    return models.QueryRequest(
        filter=as_filter(condition),
        params=models.SearchParams(exact=True),
        limit=limit,
        with_payload=list(payload) or True,
        with_vector=not payload,
    )


def those(condition: Condition, ids: Collection[str]) -> Condition:
    """Which of these meet it."""
    return {"must": [condition, {"has_id": list(ids)}]}


def others(condition: Condition, ids: Collection[str]) -> Condition:
    """What meets it besides these."""
    return {"must": [condition], "must_not": [{"has_id": list(ids)}]}


def weighed(word: int, hits: Sequence[models.ScoredPoint]) -> tuple[float, float] | None:
    """What a word scores, and what it weighs, in the passage that was found for it ``alone``."""
    held: Any = hits[0].vector if hits else None
    if not held:
        return None
    return hits[0].score, held[WORDS].values[held[WORDS].indices.index(word)]
