"""Reader: all that a search asks of a store, over an engine of a few plain calls.

Which passages each signal finds, how rare words are, the passages themselves. Blocks, and runs where the
engine does. Knows nothing of how passages are ranked, of how they come to be there or of any engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from vectorstore.find import Ranked, Survey, find, survey
from vectorstore.layout import DENSE, WORDS
from vectorstore.passage import Origin
from vectorstore.query import Query
from vectorstore.rarity import Rarities, Show, holding
from vectorstore.recent import Point
from vectorstore.sight import Condition, Where, corpus
from vectorstore.sparse import Sparse, Words, own
from vectorstore.store import Arm, Asked, Pair, Stored, Terms

_NONE: frozenset[Pair] = frozenset()
_A_TURN = 4  # passages of a turn that are read as neighbours, on the average at most


@dataclass(frozen=True, slots=True)
class Near:
    """The ``limit`` points that meet ``condition`` and are nearest to a vector: ``signal`` names which of theirs.
    Words weigh what they do in ``corpus``; in the whole store, where there is none."""

    signal: str
    vector: list[float] | Sparse
    condition: Any
    limit: int
    corpus: Any = None


class Engine(Protocol):
    """What reading needs of an engine. Conditions are in Qdrant's JSON form, or hold what ``ready`` made. All
    raise IndexFault."""

    def ready(self, condition: Condition) -> Any:
        """A condition that costs nothing when it is used again, by itself or as a part of another."""
        ...

    def nearest(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        """Ids with their scores, for each."""
        ...

    def alone(self, words: Sequence[int], among: Condition) -> list[tuple[float, float] | None]:
        """For each word what it scores by itself, and what it weighs, in the passage where it weighs most, being as
        rare as it is ``among`` these; None where it does not occur."""
        ...

    def weighing(self) -> int | None:
        """Over how many points words are weighed where ``Near`` has no corpus; None: it must have one."""
        ...

    def seen(self, condition: Condition, limit: int, key: str) -> Sequence[tuple[str, Any]]:
        """Ids of what meets the condition, each with what its payload holds under ``key``."""
        ...

    def count(self, condition: Condition) -> int: ...

    def points(self, where: Where, ids: Sequence[str]) -> list[tuple[str, Point]]:
        """Points that a search by this ``where`` has just found, in the order asked for; what is gone is left out."""
        ...

    def within(self, condition: Condition, limit: int) -> list[tuple[str, Point]]:
        """Points that meet the condition, by their ids."""
        ...


class Reader:
    """``find``'s engine. ``rarities`` are the caller's to keep in step with what is written."""

    def __init__(self, engine: Engine, words: Words, rarities: Rarities) -> None:
        self._engine = engine
        self._words = words
        self._rarities = rarities
        self._ready: tuple[Where, Mapping[Origin, Any]] | None = None

    def find(self, where: Where, asked: Asked, query: Query) -> Ranked:
        return find(self, where, asked, query)

    def survey(self, where: Where, asked: Asked) -> Survey:
        return survey(self, where, asked)

    def arms(self, where: Where, asked: Asked) -> list[Arm]:
        lanes = self._lanes(where)
        rated = self._rated(where, asked)
        named = self._named(lanes, asked)
        arms = [
            (origin, number, replace(near, condition=condition))
            for origin, condition in lanes.items()
            for number, near in rated
        ]
        found = self._nearest([near for _, _, near in arms])
        every = {origin: set(named[origin]) for origin in lanes}
        for (origin, _, _), scores in zip(arms, found, strict=True):
            every[origin].update(scores)
        self._rate_all([near for _, _, near in arms], found, [every[origin] for origin, _, _ in arms])
        by_name = [Arm(origin, "name", 0, dict.fromkeys(ids, 1.0)) for origin, ids in named.items() if ids]
        return by_name + [
            Arm(origin, near.signal, number, {one: scores.get(one, 0.0) for one in sorted(every[origin])})
            for (origin, number, near), scores in zip(arms, found, strict=True)
        ]

    def _lanes(self, where: Where) -> Mapping[Origin, Any]:
        """The filter of each origin; one search asks for them several times."""
        if self._ready is None or self._ready[0] is not where:
            self._ready = where, {origin: self._engine.ready(one) for origin, one in where.lanes.items()}
        return self._ready[1]

    def _rated(self, where: Where, asked: Asked) -> list[tuple[int, Near]]:
        """What each phrasing looks for, wherever it may be found."""
        dense = [Near(DENSE, list(vector), {}, asked.depth) for vector in asked.vectors]
        over = self._engine.weighing()
        told = self._told(where, [self._words.query(text) for text in asked.texts], over)
        by = Near(WORDS, [], {}, asked.depth, self._engine.ready(corpus(*where.show)) if over is None else None)
        words = [(number, replace(by, vector=one)) for number, one in enumerate(told) if one.indices]
        return [*enumerate(dense), *words]

    def _rate_all(self, arms: Sequence[Near], found: Sequence[dict[str, float]], every: Sequence[set[str]]) -> None:
        """Rate the best of every arm by every arm of their origin: fusing scores needs them all."""
        late = [
            (near, scores, ids - scores.keys())
            for near, scores, ids in zip(arms, found, every, strict=True)
            if not _found_all(near, scores)
        ]
        late = [one for one in late if one[-1]]
        asked = [
            replace(near, condition={"must": [near.condition, {"has_id": sorted(missing)}]}, limit=len(missing))
            for near, _, missing in late
        ]
        for (_, scores, _), more in zip(late, self._nearest(asked), strict=True):
            scores.update(more)

    def terms(self, where: Where, texts: Sequence[str]) -> list[Terms]:
        asked = [self._words.query(text).indices for text in texts]
        self._count(where, {word for words in asked for word in words})
        return [
            Terms({word: self._rarities.of(where.show, word) for word in words}, self._words.pairs(text))
            for words, text in zip(asked, texts, strict=True)
        ]

    def take(self, where: Where, ids: Sequence[str], terms: Sequence[Terms]) -> list[Stored]:
        return self._stored(where, self._engine.points(where, ids), terms)

    def read(self, where: Where, ids: Sequence[str], depths: Sequence[int], terms: Sequence[Terms]) -> list[Stored]:
        lanes = self._lanes(where)
        wanted: list[Condition] = []
        if ids:
            wanted.append({"must": [{"should": list(lanes.values())}, {"has_id": list(ids)}]})
        lane = lanes.get(Origin.TURN)
        if lane and depths:
            wanted.append({"must": [lane, {"key": "depth", "match": {"any": list(depths)}}]})
        limit = len(ids) + _A_TURN * len(depths)
        return self._stored(where, self._engine.within({"should": wanted}, limit) if wanted else (), terms)

    def _stored(self, where: Where, points: Sequence[tuple[str, Point]], terms: Sequence[Terms]) -> list[Stored]:
        mark = own(*where.show)
        words = {word: word ^ mark for one in terms for word in one.words}
        pairs = {pair for one in terms for pair in one.pairs}
        return [self._found_in(one, point, words, pairs) for one, point in points]

    def _found_in(self, one: str, point: Point, words: Mapping[int, int], pairs: set[Pair]) -> Stored:
        held = point.weights
        weights = {word: held[kept] for word, kept in words.items() if kept in held}
        lacking = words.keys() - weights.keys()
        possible = [pair for pair in pairs if pair[0] not in lacking and pair[1] not in lacking] if weights else ()
        found = self._words.beside(point.text, possible) if possible else _NONE
        return Stored(one, point.passage, point.vector, weights, found, point.pieces)

    def _told(self, where: Where, asked: Sequence[Sparse], over: int | None) -> list[Sparse]:
        """The queries in the show's own numbers, whose words weigh what they do in the show: an engine that weighs
        them by how rare they are in the whole store is told so. Words that occur nowhere in it are then left out."""
        mark = own(*where.show)
        if over is None:
            return [query.of(mark) for query in asked]
        self._count(where, {word for query in asked for word in query.indices})
        return [_scaled(query, self._rarities, where.show, over).of(mark) for query in asked]

    def _count(self, where: Where, words: set[int]) -> None:
        """Counts the words that were not yet."""
        unknown = self._rarities.missing(where.show, words)
        if not unknown:
            return
        mark, condition = own(*where.show), self._engine.ready(corpus(*where.show))
        total = self._rarities.total(where.show)
        counted = self._engine.count(condition) if total is None else total
        found = self._engine.alone([word ^ mark for word in unknown], condition)
        held = {word: _holding(counted, one) for word, one in zip(unknown, found, strict=True)}
        self._rarities.learn(where.show, counted, held)

    def _nearest(self, asked: Sequence[Near]) -> list[dict[str, float]]:
        return self._engine.nearest(asked) if asked else []

    def _named(self, lanes: Mapping[Origin, Any], asked: Asked) -> dict[Origin, list[str]]:
        """What is called by a name that was said, by origin."""
        keys = {*asked.names, *(key for text in asked.texts for key in self._words.spoken(text))}
        named: dict[Origin, list[str]] = {origin: [] for origin in lanes}
        called = {"must": [{"should": list(lanes.values())}, {"key": "keys", "match": {"any": sorted(keys)}}]}
        for one, origin in self._engine.seen(called, asked.depth * len(lanes), "origin") if keys else ():
            named[Origin(origin)].append(one)
        return named


def _found_all(arm: Near, scores: Mapping[str, float]) -> bool:
    """Whether there is nothing else to rate: by words, what does not come up holds none of them."""
    return arm.signal == WORDS and len(scores) < arm.limit


def _holding(total: int, found: tuple[float, float] | None) -> int:
    """How many of ``total`` passages hold a word, from how rare the engine takes it to be: what it scores in a
    passage over what it weighs there."""
    return 0 if found is None else holding(total, found[0] / found[1])


def _scaled(query: Sparse, rarities: Rarities, show: Show, over: int) -> Sparse:
    """A query whose words weigh in a store of so many passages what they do in the show."""
    scales = [(rarities.of(show, word), rarities.of(show, word, over)) for word in query.indices]
    found = [
        (word, value * here / everywhere)
        for word, value, (here, everywhere) in zip(query.indices, query.values, scales, strict=True)
        if here and everywhere
    ]
    return Sparse(tuple(word for word, _ in found), tuple(value for _, value in found))
