"""Remote search: a reader's Engine for one search in a Qdrant server, in as few ways there and back as it can be.

A reader asks one thing after the other, and each would be a way to the server and back. So it is first walked through
with an engine that finds nothing: what it asks for then depends on nothing and is asked in one batch. What it rates
late is a second one; passages, with what stands beside them, are the third. What was not foreseen is asked when it
comes up, so that a wrong guess costs time and nothing else. Runs in the index process and is imported only there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from vectorstore.find import ANSWERED, TURNS, WIDENED
from vectorstore.passage import Origin, Passage
from vectorstore.rarity import Rarities
from vectorstore.reader import Near, Reader
from vectorstore.recent import Point
from vectorstore.remote_engine import RemoteEngine, Sought
from vectorstore.remote_query import as_filter
from vectorstore.sight import Condition, Where
from vectorstore.sparse import Words
from vectorstore.store import Asked


class RemoteSearch:
    """What ``asked`` can ask at once is asked when it is made. Raises IndexFault."""

    def __init__(self, engine: RemoteEngine, where: Where, asked: Asked, words: Words, rarities: Rarities) -> None:
        self._engine = engine
        self._where = where
        noted = _noted(where, asked, words, rarities)
        self._sought, self._counted = noted.sought, noted.counted
        total = engine.count(self._counted) if self._counted is not None else None
        self._swept = engine.sweep(self._sought)
        self._total = total.result() if total is not None else 0
        self._points: dict[str, Point] = {}
        self._looked = _Beside(frozenset(), frozenset(), frozenset())

    def ready(self, condition: Condition) -> Any:
        return as_filter(condition)

    def nearest(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        if list(asked) == self._sought.arms:
            return self._swept.scores
        return self._engine.rate(asked)

    def alone(self, words: Sequence[int], among: Condition) -> list[tuple[float, float] | None]:
        if (list(words), among) == (self._sought.words, self._sought.among):
            return self._swept.alone
        return self._engine.sweep(Sought(words=list(words), among=among)).alone

    def weighing(self) -> None:
        """The server's statistics hold what was deleted until it optimizes, and each shard has its own."""
        return None

    def seen(self, condition: Condition, limit: int, key: str) -> list[tuple[str, Any]]:
        foreseen = (condition, limit) == (self._sought.called, self._sought.limit)
        found = self._swept if foreseen else self._engine.sweep(Sought(called=condition, limit=limit))
        return [(one, found.seats[one][key]) for one in found.called]

    def count(self, condition: Condition) -> int:
        return self._total if condition == self._counted else self._engine.count(condition).result()

    def points(self, where: Where, ids: Sequence[str]) -> list[tuple[str, Point]]:
        """Read by what may be seen once more: it may have changed since the arms found it."""
        told = self._swept.seats
        beside = _beside([_seat(where, told[one]) for one in ids if one in told])
        self._points, unread = self._engine.read(where, {*ids, *beside.ids}, beside.depths, beside.perhaps)
        self._looked = replace(beside, ids=beside.ids.union(ids, beside.perhaps) - unread)
        return [(one, self._points[one]) for one in ids if one in self._points]

    def within(self, condition: Condition, limit: int) -> list[tuple[str, Point]]:
        """Of a reader's conditions, which name ids or depths of turns."""
        clauses = [part["must"][1] for part in condition["should"]]
        ids = {one for clause in clauses for one in clause.get("has_id", ())}
        depths = {one for clause in clauses if "match" in clause for one in clause["match"]["any"]}
        lacking, deeper = ids - self._looked.ids, depths - self._looked.depths
        if lacking or deeper:
            self._points |= self._engine.read(self._where, lacking, deeper)[0]
        return [
            (one, point)
            for one, point in self._points.items()
            if one in ids or (point.passage.origin is Origin.TURN and point.passage.depth in depths)
        ]


@dataclass(frozen=True, slots=True)
class _Beside:
    """Where what a search reads next may stand: ``ids``, ``depths`` of turns, and ids that it reads ``perhaps``."""

    ids: frozenset[str]
    depths: frozenset[int]
    perhaps: frozenset[str]


def _beside(seats: Sequence[Passage]) -> _Beside:
    """Beside these, the best of each origin first."""
    ranks, depths = Counter[Origin](), set[int]()
    likely, perhaps = set[str](), set[str]()
    for seat in seats:
        place = ranks[seat.origin]
        ranks[seat.origin] += 1
        if seat.origin is Origin.TURN:
            reach = 1 if seat.version else 2
            if place < (ANSWERED if seat.version else TURNS):
                depths |= set(range(seat.depth - reach, seat.depth + reach + 1))
        elif place < WIDENED:
            likely |= {seat.at(seat.order + step) for step in (-1, 1)}
            perhaps |= {seat.at(seat.order + step) for step in (-2, 2)}
        else:
            perhaps |= {seat.at(seat.order + step) for step in (-1, 1)}
    return _Beside(frozenset(likely), frozenset(depths), frozenset(perhaps - likely))


def _seat(where: Where, told: Mapping[str, Any]) -> Passage:
    """The passage of which this is told, without all that it says."""
    tenant, show = where.show
    origin, record, order = Origin(told["origin"]), told["record"], told["order"]
    more = {name: told[name] for name in ("version", "depth") if name in told}  # what is as always is left out
    return Passage(tenant, show, origin, "", record, order, "", "", "", **more)


def _noted(where: Where, asked: Asked, words: Words, rarities: Rarities) -> "_Noting":
    """What a reader asks for before it has found anything."""
    noting = _Noting()
    reader = Reader(noting, words, rarities)
    with suppress(_Enough):
        reader.arms(where, asked)
        reader.terms(where, asked.texts)
    return noting


class _Enough(Exception):
    """What comes next would depend on what was found."""


class _Noting:
    """A reader's Engine that finds nothing and notes what it is asked for."""

    def __init__(self) -> None:
        self.sought = Sought()
        self.counted: Condition | None = None

    def ready(self, condition: Condition) -> Any:
        return as_filter(condition)

    def nearest(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        self.sought = replace(self.sought, arms=list(asked))
        return [{} for _ in asked]

    def alone(self, words: Sequence[int], among: Condition) -> list[tuple[float, float] | None]:
        self.sought = replace(self.sought, words=list(words), among=among)
        raise _Enough

    def weighing(self) -> None:
        return None

    def seen(self, condition: Condition, limit: int, key: str) -> list[tuple[str, Any]]:
        self.sought = replace(self.sought, called=condition, limit=limit)
        return []

    def count(self, condition: Condition) -> int:
        self.counted = condition
        return 0

    def points(self, where: Where, ids: Sequence[str]) -> list[tuple[str, Point]]:
        raise _Enough

    def within(self, condition: Condition, limit: int) -> list[tuple[str, Point]]:
        raise _Enough
