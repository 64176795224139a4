"""Choice: from rated candidates to the few that are shown, and why each other one was not.

Near-duplicates go, likeness to what is already chosen costs a little, what there is enough of costs more, and
adjacent passages of one record become one hit in reading order. Knows nothing of engines or fusion.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from vectorstore.passage import Origin, Passage
from vectorstore.query import Hit
from vectorstore.store import Stored

LIKENESS = 0.1  # how much of its score a candidate loses that is just like one chosen before it
CROWDED = 2.4  # what a passage loses whose origin or record has its share: ten times as likely, it is told still
OF_CANON, OF_ORIGIN, OF_RECORD = 3 / 4, 1 / 2, 1 / 3  # shares of the hits: canon's, another origin's, a record's
TWIN = 0.97  # cosine from which two passages say the same
JOINED = 3  # passages in one hit at most
CLOSE = 2.4  # what a passage may score less than the one beside it and still be joined to it
OVERLAP = 20  # characters from which the end of one passage is known again in the next


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with its ``score``; ``signals`` tells the shares that make it up, for those that are shown."""

    stored: Stored
    score: float
    signals: Callable[[], Mapping[str, float]]

    @property
    def hit(self) -> Hit:
        passage = self.stored.passage
        return Hit(passage, self.score, passage.text, self.signals(), (passage,))


def choose(candidates: Sequence[Candidate], limit: int) -> tuple[list[Hit], list[tuple[Hit, str]]]:
    """The hits, best first, and what was near the cut with the reason it is not among them."""
    ranked = sorted(candidates, key=lambda one: (-one.score, one.stored.id))
    vectors = _vectors(ranked)
    scores, closest = np.array([one.score for one in ranked]), np.zeros(len(ranked))
    worth = scores.round(5)
    shares = _Shares([one.stored.passage for one in ranked], limit)
    hits, missed, taken = list[Hit](), list[tuple[Hit, str]](), list[tuple[Candidate, NDArray[np.float32]]]()
    for _ in ranked:
        if len(missed) >= 2 * limit:
            break
        place = int(worth.argmax())  # of equals the first
        worth[place] = scores[place] = -np.inf
        one = ranked[place]
        hit = one.hit
        neighbour = _neighbour(hits, hit) if len(hits) < limit else None
        if neighbour is not None:
            hits[neighbour] = join(hits[neighbour], [hit.passage])
        elif reason := _reason(
            one, [(other, float(like[place])) for other, like in taken], len(hits) >= limit, limit, shares.full[place]
        ):
            missed.append((hit, reason))
            continue
        else:
            hits.append(hit)
            shares.give(place)
        taken.append((one, vectors @ vectors[place]))
        closest = np.maximum(closest, taken[-1][1])
        worth = (scores - LIKENESS * closest - CROWDED * shares.full).round(5)
    return hits, missed


class _Shares:
    """``full`` tells of which passages' origin or record there is enough, so that none crowds out another."""

    def __init__(self, passages: Sequence[Passage], limit: int) -> None:
        self._of = [(one.origin, f"in {one.record}") for one in passages]
        self._limit = limit
        self._given = Counter[Origin | str]()
        self.full = np.zeros(len(passages), bool)

    def give(self, place: int) -> None:
        """The passage at this place is told."""
        for kind in self._of[place]:
            self._given[kind] += 1
            if self._given[kind] == ceil(self._limit * _share(kind)):
                self.full |= np.array([kind in of for of in self._of])


def _share(kind: Origin | str) -> float:
    if not isinstance(kind, Origin):
        return OF_RECORD
    return OF_CANON if kind is Origin.CANON else OF_ORIGIN


def join(hit: Hit, more: Sequence[Passage]) -> Hit:
    """The hit with adjacent passages of its record, its text in reading order, nothing said twice."""
    passages = tuple(sorted({*hit.joined, *more}, key=lambda one: one.order))
    text = passages[0].text
    for passage in passages[1:]:
        text = _continued(text, passage.text)
    return replace(hit, text=text, joined=passages)


def _continued(text: str, more: str) -> str:
    longest = min(len(text), len(more))
    for size in range(longest, OVERLAP - 1, -1):
        if text.endswith(more[:size]):
            return text + more[size:]
    return f"{text}\n\n{more}"


def _neighbour(hits: Sequence[Hit], found: Hit) -> int | None:
    """The hit that the one found lies beside, if that is not much better and has room."""
    for place, hit in enumerate(hits):
        near = _stretch(hit.passage) == _stretch(found.passage) and hit.score - found.score <= CLOSE
        if near and len(hit.joined) < JOINED:
            orders = [one.order for one in hit.joined]
            if found.passage.order in (min(orders) - 1, max(orders) + 1):
                return place
    return None


def _stretch(passage: Passage) -> tuple[object, ...]:
    """What passages must share to be read on from one to the next."""
    return passage.record, passage.version, passage.path


def _reason(
    one: Candidate,
    likeness: Sequence[tuple[Candidate, float]],
    reached: bool,
    limit: int,
    enough: bool,
) -> str:
    for other, like in likeness:
        passage = other.stored.passage
        if passage.text == one.stored.passage.text or (like >= TWIN and _adds_nothing(one.stored, other.stored)):
            return f"says nearly the same as {passage.title or passage.record}"
    kind = ", and there is enough of its kind" if enough else ""
    return f"the limit of {limit} passages was reached{kind}" if reached else ""


def _adds_nothing(one: Stored, other: Stored) -> bool:
    """Whether a passage holds none of the asked words that one just like it lacks: "cabin 13" is not "cabin 6"."""
    return one.words.keys() <= other.words.keys()


def _vectors(ranked: Sequence[Candidate]) -> NDArray[np.float32]:
    """[candidates, dimensions]; zeros where there is none. Rows are compared one against all: a
    product of whole matrices would wake the threads of the linear algebra for nothing."""
    width = max((len(one.stored.vector) for one in ranked), default=0)
    rows = b"".join(one.stored.vector.tobytes() or bytes(4 * width) for one in ranked)
    return np.frombuffer(rows, np.float32).reshape(len(ranked), width)
