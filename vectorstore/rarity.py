"""Rarity: how many passages of a show hold each word that was ever asked for, and how rare it is in the store.

Counting a word anew costs the engine as much as finding it, and a turn writes a passage after every search:
so what was counted is kept in step with what is written. Knows nothing of the engine.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log1p

_SHOWS = 64  # whose counts are remembered
_WORDS = 20_000  # of each
_STALE = 50


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare a word is in a show (0 where it does not occur), as BM25 has it; ``scale`` is that over how
    rare it is in the whole store."""

    here: float
    scale: float


@dataclass(slots=True)
class Counts:
    """``total`` passages of a show, and in how many of them each word occurs."""

    total: int
    holding: dict[int, int] = field(default_factory=dict)


class Rarities:
    """A show's counts are exact at any time. How rare a word is in the whole store is what the engine took it
    to be: the engine counts what was deleted, too, and by this only candidates are found. It is asked anew when
    more than a fiftieth of the store was written since."""

    def __init__(self) -> None:
        self._shows: dict[str, Counts] = {}
        self._everywhere: dict[int, float] = {}
        self._stored = self._written = 0

    def missing(self, show: str, words: Iterable[int]) -> list[int]:
        """The words that are not known there, in order."""
        if self._written * _STALE > self._stored:
            self._everywhere.clear()
        known = self._shows[show].holding if show in self._shows else {}
        return sorted(word for word in words if word not in known or word not in self._everywhere)

    def total(self, show: str) -> int | None:
        """How many passages a show has, where that is known."""
        return self._shows[show].total if show in self._shows else None

    def learn(
        self, show: str, total: int, here: Mapping[int, float], everywhere: Mapping[int, float], stored: int
    ) -> None:
        """How rare words are in a show of ``total`` passages, and in the whole store of ``stored``. A word that
        occurs nowhere is in neither, and is asked for again."""
        if show not in self._shows or len(self._shows[show].holding) > _WORDS:
            self._shows[show] = Counts(total)
        if not self._everywhere or len(self._everywhere) > _WORDS:
            self._everywhere, self._stored, self._written = {}, stored, 0
        self._shows[show].holding |= {word: holding(total, idf) for word, idf in here.items()}
        self._everywhere |= everywhere
        while len(self._shows) > _SHOWS:
            del self._shows[next(one for one in self._shows if one != show)]

    def of(self, show: str, word: int) -> Rarity:
        counts = self._shows.get(show)
        if counts is None or word not in counts.holding or word not in self._everywhere:
            return Rarity(0.0, 1.0)
        held = counts.holding[word]
        rarity = idf(counts.total, held)
        return Rarity(rarity if held else 0.0, rarity / self._everywhere[word])

    def watches(self) -> bool:
        """Whether anything is counted that a write could change."""
        return bool(self._shows)

    def moved(self, show: str, words: Collection[int], by: int) -> None:
        """A passage of these words was put into a show (1), or taken out (-1)."""
        self._written += 1
        counts = self._shows.get(show)
        if counts is not None:
            counts.total += by
            for word in words:
                if word in counts.holding:
                    counts.holding[word] += by

    def clear(self) -> None:
        self._shows.clear()
        self._everywhere.clear()


def idf(total: int, held: int) -> float:
    """Inverse document frequency as Qdrant has it: the logarithm of 1 + (total - held + .5) / (held + .5)."""
    return log1p((total - held + 0.5) / (held + 0.5))


def holding(total: int, rarity: float) -> int:
    """The other way round: how many of ``total`` hold a word of this idf."""
    return max(0, round((total + 1) / exp(rarity) - 0.5))
