"""The peers of the retrieval benchmark, over the same passages and the same vectors.

Each gives the set's passages, best first; a passage that was cut stands where its best part stands.
Knows nothing of how ours works.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from bench.gold import Asking
from bench.shelf import Shelf
from vectorstore import Passage
from vectorstore.query import Query
from vectorstore.sight import visible
from vectorstore.store import Asked, searchable

Ranks = Callable[[Asking], list[str]]
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_K = 60  # of reciprocal rank fusion, as LangChain and Qdrant have it


class Peers:
    """BM25 of rank_bm25 (lower-case words, bigrams of ideographs), dense alone, and both by RRF with k = 60."""

    def __init__(self, shelf: Shelf, vectors: NDArray[np.float32], asked: Mapping[str, NDArray[np.float32]]) -> None:
        self._whose = shelf.cut.whose
        self._asked = asked
        self._places: dict[tuple[str, str], list[int]] = {}
        for place, one in enumerate(shelf.cut.passages):
            self._places.setdefault((one.show, one.thread), []).append(place)
        self._passages = shelf.cut.passages
        self._sight = shelf.cut.sight
        self._vectors = vectors
        okapi = import_module("rank_bm25").BM25Okapi
        self._bm25 = {
            key: okapi([words(searchable(self._passages[place])) for place in places])
            for key, places in self._places.items()
        }

    def all(self) -> dict[str, Ranks]:
        return {"rank_bm25": self.bm25, "dense": self.dense, "RRF k=60": self.rrf}

    def bm25(self, asked: Asking) -> list[str]:
        return self._order(asked, self._by_words(asked))

    def dense(self, asked: Asking) -> list[str]:
        return self._order(asked, self._by_meaning(asked))

    def rrf(self, asked: Asking) -> list[str]:
        ranks = [
            np.argsort(np.argsort(-one, kind="stable")) for one in (self._by_words(asked), self._by_meaning(asked))
        ]
        return self._order(asked, sum((1 / (_K + 1 + one) for one in ranks), np.zeros(len(ranks[0]))))

    def _key(self, asked: Asking) -> tuple[str, str]:
        sight = self._sight(asked)
        return sight.show, sight.thread

    def _by_words(self, asked: Asking) -> NDArray[np.float64]:
        return np.asarray(self._bm25[self._key(asked)].get_scores(words(asked.text)), float)

    def _by_meaning(self, asked: Asking) -> NDArray[np.float64]:
        return np.asarray(self._vectors[self._places[self._key(asked)]] @ self._asked[asked.id], float)

    def _order(self, asked: Asking, scores: NDArray[np.float64]) -> list[str]:
        places = self._places[self._key(asked)]
        ordered = (self._passages[places[at]].id for at in np.argsort(-scores, kind="stable")[:400])
        return list(dict.fromkeys(self._whose[one] for one in ordered))


async def words_alone(shelf: Shelf, asked: Asking, depth: int = 200) -> list[str]:
    """Our index's own BM25 without anything else."""
    where = visible(Query(shelf.cut.sight(asked), asked.text))
    arms = await shelf.store.arms(where, Asked((asked.text,), (), (), depth)) if where else ()
    scores = [pair for arm in arms if arm.signal == "bm25" for pair in arm.scores.items()]
    ordered = sorted(scores, key=lambda pair: (-pair[1], pair[0]))
    return list(dict.fromkeys(shelf.cut.whose[one] for one, _ in ordered))


def words(text: str) -> list[str]:
    found = _WORD.findall(text.lower())
    pairs = itertools.pairwise(found)
    return [*found, *(first + second for first, second in pairs if _ideograms(first, second))]


def _ideograms(*found: str) -> bool:
    return all("\u3400" <= one <= "\u9fff" for one in found)


def searchables(passages: Sequence[Passage]) -> list[str]:
    return [searchable(one) for one in passages]
