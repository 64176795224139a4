"""Rarity: how many passages of a show hold each word that was ever asked for.

Counting a word anew costs the engine as much as finding it, and a turn writes a passage after every search:
so what was counted is kept in step with what is written, or for a while, where others write too. Knows
nothing of the engine.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import exp, inf, log1p
from time import monotonic

Show = tuple[str, str]
"""A tenant and the id of its show."""

_SHOWS = 64  # whose counts are remembered
_WORDS = 20_000  # of each


@dataclass(slots=True)
class Counts:
    """``total`` passages of a show, and in how many of them each word occurs. ``begun`` is when."""

    total: int
    holding: dict[int, int]
    begun: float


class Rarities:
    """A show's counts are exact at any time where every write is told by ``moved``; else they are at most
    ``lasting`` seconds old, and a word that occurred nowhere is counted anew each time."""

    def __init__(self, lasting: float = inf) -> None:
        self._shows: dict[Show, Counts] = {}
        self._lasting = lasting
        self._valid = -inf

    def outdate(self) -> None:
        """Nothing that was counted before counts any more. May be called from any thread."""
        self._valid = monotonic()

    def missing(self, show: Show, words: Iterable[int]) -> list[int]:
        """The words that were not counted there yet, in order."""
        counts = self._shows.get(show)
        if counts is not None and counts.begun <= max(self._valid, monotonic() - self._lasting):
            del self._shows[show]
        known = self._shows[show].holding if show in self._shows else {}
        if self._lasting < inf:
            known = {word: held for word, held in known.items() if held}
        return sorted(word for word in words if word not in known)

    def total(self, show: Show) -> int | None:
        """How many passages a show has, where that is known."""
        return self._shows[show].total if show in self._shows else None

    def learn(self, show: Show, total: int, holding: Mapping[int, int]) -> None:
        """How many of a show's ``total`` passages hold each word."""
        counts = self._shows.get(show)
        if counts is None or len(counts.holding) > _WORDS:
            counts = self._shows[show] = Counts(total, {}, monotonic())
        counts.holding |= holding
        while len(self._shows) > _SHOWS:
            del self._shows[next(one for one in self._shows if one != show)]

    def of(self, show: Show, word: int, stored: int | None = None) -> float:
        """How rare a word is as BM25 has it, and 0 where it does not occur; were they the only ones that hold it
        among ``stored`` passages, if that is given."""
        counts = self._shows.get(show)
        held = counts.holding.get(word, 0) if counts is not None else 0
        return idf(stored or counts.total, held) if counts is not None and held else 0.0

    def watches(self) -> bool:
        """Whether anything is counted that a write could change."""
        return bool(self._shows)

    def moved(self, show: Show, words: Collection[int], by: int) -> None:
        """A passage of these words was put into a show (1), or taken out (-1)."""
        counts = self._shows.get(show)
        if counts is not None:
            counts.total += by
            for word in words:
                if word in counts.holding:
                    counts.holding[word] += by

    def clear(self) -> None:
        self._shows.clear()


def idf(total: int, held: int) -> float:
    """Inverse document frequency as Qdrant has it: the logarithm of 1 + (total - held + .5) / (held + .5)."""
    return log1p((total - held + 0.5) / (held + 0.5))


def holding(total: int, rarity: float) -> int:
    """The other way round: how many of ``total`` hold a word of this idf."""
    return max(0, round((total + 1) / exp(rarity) - 0.5))
