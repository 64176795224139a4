"""Remote engine: what a collection in a Qdrant server is asked, as much as can be in one batch.

Other programs write there, too: so a point that was read lately is used only while the server has it with the same
fingerprint and shows it to this search, and nothing else is kept. Runs in the index process and is imported only
there. Knows nothing of the order in which a search asks.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qdrant_client import QdrantClient, models

from vectorstore.layout import DENSE, WORDS
from vectorstore.line import Line
from vectorstore.passage import Origin
from vectorstore.reader import Near
from vectorstore.recent import Point, Recent
from vectorstore.remote_query import alone, among, as_filter, listed, nearest, others, those, weighed
from vectorstore.sight import Condition, Where

_PAGE = 1000
_MARK = "fingerprint"
_SEAT = ("origin", "record", "version", "order", "depth")  # of a payload: where the passage stands
_A_TURN = 4  # passages of a turn, on the average at most
_AT_ONCE = 64  # queries in one request


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search can ask at once: its ``arms``; at most ``limit`` of what is ``called`` by a name; words that are
    looked for alone ``among`` passages."""

    arms: list[Near] = field(default_factory=list)
    called: Condition | None = None
    limit: int = 0
    words: list[int] = field(default_factory=list)
    among: Condition | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """What was found: ``scores`` by id for each arm, ids of what is ``called`` so, what each word scores and weighs
    ``alone`` (None where it does not occur), and what the payloads of arms and called say of where they stand."""

    scores: list[dict[str, float]]
    called: list[str]
    alone: list[tuple[float, float] | None]
    seats: Mapping[str, Mapping[str, Any]]


class RemoteEngine:
    """``name`` is the collection."""

    def __init__(self, line: Line, name: str, recent: Recent) -> None:
        self._line = line
        self._name = name
        self._recent = recent

    def sweep(self, sought: Sought) -> Swept:
        arms = [nearest(near, _SEAT) for near in sought.arms]
        called = [listed(sought.called, sought.limit, _SEAT)] if sought.called else []
        params = among(sought.among) if sought.among else None
        found = self._batch([*arms, *called, *(alone(word, params) for word in sought.words if params)])
        told, rest = found[: len(arms) + len(called)], found[len(arms) + len(called) :]
        return Swept(
            _scores(told[: len(arms)]),
            [str(one.id) for hits in told[len(arms) :] for one in hits],
            [weighed(word, hits) for word, hits in zip(sought.words, rest, strict=True)],
            {str(one.id): one.payload or {} for hits in told for one in hits},
        )

    def rate(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        """Ids with their scores, for each: all that meet its condition, up to its limit."""
        return _scores(self._batch([nearest(near, exact=True) for near in asked]))

    def count(self, condition: Condition) -> "Future[int]":
        """Is begun at once, and whatever else is asked need not wait for it."""
        wanted = as_filter(condition)
        return self._line.beside(lambda client: client.count(self._name, wanted, exact=True).count)

    def read(
        self, where: Where, ids: Collection[str], depths: Collection[int], perhaps: Collection[str] = ()
    ) -> tuple[dict[str, Point], set[str]]:
        """Points of these ids, the turns of these depths, and of the ids ``perhaps`` those that were read lately and
        are as they were; and the ids ``perhaps`` that are there besides. What this ``where`` does not show now is left
        out. One batch, and a second one where another program has changed what was read lately."""
        lane, lacking = where.lanes.get(Origin.TURN), self._recent.missing(ids)
        turns = self._recent.turns(where.thread, depths) if lane else []
        known = {*ids, *turns, *perhaps} - set(lacking)
        marks = [listed(those(where.anything, known), len(known), [_MARK])] if known else []
        fresh = [listed(those(where.anything, lacking), len(lacking))] if lacking else []
        if lane and depths:
            beside = {"must": [lane, {"key": "depth", "match": {"any": sorted(depths)}}]}
            fresh.append(listed(others(beside, {*ids, *turns}), _A_TURN * len(depths)))
        found = self._batch([*marks, *fresh])
        there = {str(one.id): (one.payload or {})[_MARK] for hits in found[: len(marks)] for one in hits}
        read = self._keep([one for hits in found[len(marks) :] for one in hits])
        changed = [one for one, mark in self._recent.marks(there) if mark != there[one]]
        self._recent.forget(changed)
        if changed:
            (hits,) = self._batch([listed(those(where.anything, changed), len(changed))])
            read += self._keep(hits)
        same = [one for one in there if one not in changed]
        points = dict(self._recent.take([*same, *read]))
        return points, {one for one in same if one not in points}

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

    def _keep(self, found: Sequence[models.ScoredPoint]) -> list[str]:
        for one in found:
            vectors = one.vector if isinstance(one.vector, dict) else {}
            dense: Any = vectors.get(DENSE, ())
            self._recent.add(str(one.id), one.payload or {}, dense, vectors.get(WORDS))
        return [str(one.id) for one in found]

    def _batch(self, asked: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        parts = [asked[start : start + _AT_ONCE] for start in range(0, len(asked), _AT_ONCE)]
        begun = [self._line.beside(partial(self._query, part)) for part in parts[1:]]
        found = [self._line.ask(partial(self._query, part)) for part in parts[:1]]
        return [one for part in (*found, *(each.result() for each in begun)) for one in part]

    def _query(self, asked: Sequence[models.QueryRequest], client: QdrantClient) -> list[list[models.ScoredPoint]]:
        return [one.points for one in client.query_batch_points(self._name, asked)]


def _scores(found: Sequence[Sequence[models.ScoredPoint]]) -> list[dict[str, float]]:
    return [{str(hit.id): hit.score for hit in hits} for hits in found]
