"""Find: from a question to a few hits with their reasons, beside the engine that holds the passages.

Arms by the engine, a first fusion to find what may answer, then every signal by learned weights, small
boosts, choice, neighbours. Blocks, and runs where the engine does: what is weighed is a hundred times what
is shown, and only that is sent on. Knows nothing of the engine, of the ledger or of prompts.

``Hit.signals``: shares by the names of vectorstore.signals, ``name``, ``kind``, ``recency`` and ``corrects`` sum
to ``score``, which is relative to this search. ``cosine`` (greatest, over the phrasings) and
``coverage`` (greatest share of the asked words found in the passage, stop words aside) are absolute:
they tell a match from the best of nothing.
"""

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from vectorstore.choice import Candidate, choose, join
from vectorstore.corrections import corrected
from vectorstore.fusion import Shares, Weighed, fuse, weigh, weights
from vectorstore.passage import Origin, Passage
from vectorstore.query import Hit, Query
from vectorstore.scene import Phrasing, Scene
from vectorstore.sight import Where
from vectorstore.signals import cosine, rate
from vectorstore.store import Arm, Asked, Stored, Terms

POOL, TURN_POOL = 40, 64  # passages of an origin that are read and rated by every signal; of turns
WIDENED = 16  # of them, of texts, are joined by what stands beside them
TURNS, ANSWERED = 40, 12  # of turns; of turns that were answered, of which one brings a talk's two sides
NAME = 6.0  # what an exact name adds to a score
KIND = 0.4  # what a preferred kind adds
RECENCY = 0.1  # what the newest turn gains over the first
SHORT = 160  # characters under which a hit is completed by its neighbours
_FAR = (-2, -1, 0, 1, 2)  # turns in which two passages stand before a passage, and two after
_NEAR = (-1, 0, 1)  # the same where turns were answered, and so have a version: each holds two at least


Ranked = tuple[list[Hit], list[tuple[Hit, str]]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What may answer: ``named`` are the ids of candidates whose own name was said."""

    scene: Scene
    phrasings: Sequence[Phrasing]
    named: frozenset[str]


class Engine(Protocol):
    """What finding needs of an engine. Nothing is read without a Where."""

    def arms(self, where: Where, asked: Asked) -> Sequence[Arm]: ...

    def terms(self, where: Where, texts: Sequence[str]) -> Sequence[Terms]: ...

    def take(self, where: Where, ids: Sequence[str], terms: Sequence[Terms]) -> Sequence[Stored]:
        """Passages that the arms of this very search have found."""
        ...

    def read(self, where: Where, ids: Sequence[str], depths: Sequence[int], terms: Sequence[Terms]) -> Sequence[Stored]:
        """The passages of these ids, and all turns of these depths."""
        ...


def find(engine: Engine, where: Where, asked: Asked, query: Query) -> Ranked:
    """The hits, best first, and what was near them with the reason it is not among them. Raises IndexFault."""
    hits, missed = choose(_candidates(engine, where, asked, query), query.limit)
    return _completed(engine, where, hits), missed


def _candidates(engine: Engine, where: Where, asked: Asked, query: Query) -> list[Candidate]:
    found = survey(engine, where, asked)
    if not found.scene.stored:
        return []
    turns = found.scene.turns
    by = weights(pieces=all(each.pieces for each in found.phrasings))
    needed = {
        name for kind, there in (("turns", turns.any()), ("texts", not turns.all())) if there for name in by[kind]
    }
    shares = weigh([rate(found.scene, each, needed) for each in found.phrasings], turns, by)
    newest = max([1, *query.sight.branches.values()])
    return corrected(
        [
            _weighed(stored, own, found, _more(stored, found.named, query, newest))
            for stored, own in zip(found.scene.stored, shares, strict=True)
        ]
    )


def survey(engine: Engine, where: Where, asked: Asked) -> Survey:
    """What may answer, with its neighbours, and the question taken apart: all that is rated.

    What stands beside a likely passage may answer too, even where no arm has found it: a question and
    its answer seldom share their words.
    """
    arms = engine.arms(where, asked)
    pools = _pools(arms, fuse(arms))
    pool = [one for ids in pools for one in ids]
    if not pool:
        return Survey(Scene(()), (), frozenset())
    terms = engine.terms(where, asked.texts)
    likely = engine.take(where, pool, terms)
    rank = {one: place for ids in pools for place, one in enumerate(ids)}
    likeliest = [one.passage for one in likely if rank[one.id] < _widened(one.passage)]
    beside = engine.read(where, *_around(likeliest), terms)
    candidates = sorted({one.id: one for one in (*likely, *beside)}.values(), key=lambda one: one.id)
    vectors = [array("f", one) for one in asked.vectors] or (None,) * len(asked.texts)
    pieces = asked.pieces or (b"",) * len(asked.texts)
    phrasings = tuple(
        Phrasing(text, vector, term.words, term.pairs, found)
        for text, vector, term, found in zip(asked.texts, vectors, terms, pieces, strict=True)
    )
    named = frozenset(one for arm in arms if arm.signal == "name" for one in arm.scores)
    return Survey(Scene(candidates), phrasings, named)


def _pools(arms: Sequence[Arm], shares: Mapping[str, Shares]) -> list[list[str]]:
    """The best of each origin, so that no origin drowns another before they are chosen from."""
    origins: dict[Origin, set[str]] = {}
    for arm in arms:
        origins.setdefault(arm.origin, set()).update(arm.scores)
    totals = {one: sum(own.values()) for one, own in shares.items()}
    return [
        sorted(ids, key=lambda one: (-totals[one], one))[: TURN_POOL if origin is Origin.TURN else POOL]
        for origin, ids in origins.items()
    ]


def _widened(passage: Passage) -> int:
    """How far down its origin a passage is joined by what stands beside it."""
    if passage.origin is not Origin.TURN:
        return WIDENED
    return ANSWERED if passage.version else TURNS


def _around(passages: Sequence[Passage]) -> tuple[list[str], list[int]]:
    """Ids and turn depths where neighbours may stand, two on either side; whether one is there, the engine knows."""
    depths = {one.depth + step for one in passages if one.depth for step in (_NEAR if one.version else _FAR)}
    texts = {(one.record, one.version, one.order): one for one in passages if one.origin is not Origin.TURN}
    beside = {
        (record, version, order + step): one
        for (record, version, order), one in texts.items()
        for step in (-1, 1)
        if order + step >= 0
    }
    ids = [one.at(seat[2]) for seat, one in beside.items() if seat not in texts]
    return sorted(ids), sorted(depths)


def _more(stored: Stored, named: Collection[str], query: Query, newest: int) -> dict[str, float]:
    """What speaks for a passage besides what it says; ``newest`` is the greatest depth that can be seen."""
    passage, more = stored.passage, dict[str, float]()
    if stored.id in named:
        more["name"] = NAME
    if passage.kind in query.kinds:
        more["kind"] = KIND
    if passage.origin is Origin.TURN:
        more["recency"] = RECENCY * min(1.0, passage.depth / newest)
    return more


def _weighed(stored: Stored, shares: Weighed, found: Survey, more: Mapping[str, float]) -> Candidate:
    def signals() -> Mapping[str, float]:
        return {**shares.told(), **more, **_absolute(stored, found.phrasings)}

    return Candidate(stored, round(shares.total + sum(more.values()), 5), signals)


def _absolute(stored: Stored, phrasings: Sequence[Phrasing]) -> dict[str, float]:
    """What tells a match from the best of nothing."""
    cosines = [cosine(stored.vector, each.vector) for each in phrasings if each.vector is not None]
    coverage = max((_coverage(stored, each) for each in phrasings), default=0.0)
    return {"coverage": coverage, **({"cosine": max(cosines)} if cosines else {})}


def _coverage(stored: Stored, phrasing: Phrasing) -> float:
    """The share of the asked words that occurs in the passage."""
    asked = phrasing.words.keys()
    return len(asked & stored.words.keys()) / len(asked) if asked else 0.0


def _completed(engine: Engine, where: Where, hits: list[Hit]) -> list[Hit]:
    """Short hits with what stands beside them in their record, under the same headings."""
    wanted = {one: place for place, hit in enumerate(hits) if _short(hit) for one in _beside(hit)}
    if not wanted:
        return hits
    told = {one.id for hit in hits for one in hit.joined}
    found = engine.read(where, sorted(wanted.keys() - told), (), ())
    for passage in sorted((one.passage for one in found), key=lambda one: -one.order):
        hit = hits[wanted[passage.id]]
        if _short(hit) and passage.path == hit.passage.path:
            hits[wanted[passage.id]] = join(hit, [passage])
    return hits


def _short(hit: Hit) -> bool:
    return hit.passage.origin is not Origin.TURN and len(hit.text) < SHORT


def _beside(hit: Hit) -> list[str]:
    """The ids of the places before and after; whether a passage is there, the engine knows."""
    first, last = hit.joined[0], hit.joined[-1]
    return [first.at(first.order - 1), last.at(last.order + 1)]
