"""Signals: what speaks for a passage, each a small function over all candidates of a search.

Every function gives one number a candidate; here they are put on one scale. They stand in `likeness` (by meaning
and by words) and `manner` (by what sort of passage it is). Knows nothing of engines or of weights.
"""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from vectorstore.likeness import (
    NEARER,
    covers,
    covers_around,
    foremost,
    gathered,
    meaning,
    meaning_after,
    meaning_before,
    nearness,
    pairs,
    pieces,
    pieces_around,
    pieces_wide,
    together,
    together_several,
    words,
    words_after,
    words_around,
    words_before,
    words_wide,
)
from vectorstore.manner import (
    answers,
    answers_when,
    asks,
    date,
    length,
    opening,
    speaker,
    speaker_first,
    tells_count,
    tells_name,
    tells_time,
    tells_when,
    tells_why,
)
from vectorstore.numbers import Numbers, cosine, standard
from vectorstore.scene import Phrasing, Scene

__all__ = ["NAMES", "NEARER", "SIGNALS", "cosine", "rate", "standard"]

SIGNALS: tuple[Callable[[Scene, Phrasing], Numbers], ...] = (
    *(meaning, nearness, meaning_before, meaning_after),
    *(pieces, pieces_around, pieces_wide),
    *(words, words_before, words_after, words_around, words_wide),
    *(covers, covers_around, pairs, together, together_several, gathered, foremost),
    *(speaker, speaker_first, length, asks, answers, answers_when, opening),
    *(tells_time, tells_when, tells_count, tells_name, tells_why, date),
)
NAMES = tuple(signal.__name__ for signal in SIGNALS)
_AS_IT_STANDS = frozenset({nearness, pieces, pieces_around})
_PLAIN = frozenset(
    {speaker, speaker_first, asks, answers, answers_when, opening, pairs, foremost}
    | {tells_time, tells_when, tells_count, tells_name, tells_why, date}
)


def rate(scene: Scene, asked: Phrasing, names: Collection[str] = NAMES) -> dict[str, Numbers]:
    """These signals by name, [candidates] each: ratings in standard deviations from the mean over all
    candidates; what sort of passage it is, and shares, around the mean of their own kind."""
    found: dict[str, Numbers] = {}
    for signal in SIGNALS:
        if signal.__name__ not in names:
            continue
        numbers = signal(scene, asked)
        if signal in _AS_IT_STANDS:
            found[signal.__name__] = numbers - (numbers.mean() if len(numbers) else 0.0)
        else:
            found[signal.__name__] = _centred(numbers, scene.turns) if signal in _PLAIN else standard(numbers)
    return found


def _centred(numbers: Numbers, turns: NDArray[np.bool_]) -> Numbers:
    """Around the mean of the turns and of all others apart, so that no kind is lifted as a whole."""
    centred = np.array(numbers, float)
    for kind in (turns, ~turns):
        if kind.any():
            centred[kind] -= centred[kind].mean()
    return centred
