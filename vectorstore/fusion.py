"""Fusion: many ratings of the same candidates become one score, share by share.

Scores and not ranks are fused: a rank forgets by how much. Every rating is put on one scale by its own
mean and spread over all candidates, as in distribution-based score fusion. ``fuse`` does so with the
engine's few arms, to find what is worth a closer look; ``weigh`` with all signals, by weights that
bench/learn_weights.py learned and weights.json holds. Knows nothing of engines.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import fsum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vectorstore.store import Arm

# Chosen on a part of fairytale-train: words carry stories further than MiniLM's vectors do.
ARMS: Mapping[str, float] = {"dense": 0.25, "bm25": 0.75}
NAME = 0.25  # an exact name is worth one and a half standard deviations
_SPREADS = 3.0  # an average candidate gets half a share, one three deviations above it a whole
_LITTLE = 0.05  # a share below this is not worth a line in a receipt
_DIGITS = 5  # beyond these lies the noise of batches, which must not decide a tie

Shares = dict[str, float]


def fuse(arms: Sequence[Arm]) -> dict[str, Shares]:
    """The shares of each candidate by signal; the best phrasing counts. Their sum is its score."""
    together: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    for arm in arms:
        together[arm.signal, arm.phrasing].update(arm.scores)
    shares: dict[str, Shares] = {one: {} for arm in arms for one in arm.scores}
    if not shares:
        return {}
    for (signal, _), scores in together.items():
        rated = np.array([scores.get(one, 0.0) for one in shares])
        for own, share in zip(shares.values(), _shares(signal, rated).tolist(), strict=True):
            if share:
                own[signal] = max(share, own.get(signal, 0.0))
    return shares


@cache
def weights(pieces: bool) -> Mapping[str, Mapping[str, float]]:
    """The learned weights by signal: one set for ``turns``, one for ``texts``, which is all else. Where an
    embedder gives no ``pieces`` the other signals weigh otherwise."""
    found: dict[str, dict[str, dict[str, float]]] = json.loads(
        Path(__file__).with_name("weights.json").read_text(encoding="utf-8")
    )
    return found["pieces" if pieces else "plain"]


@dataclass(frozen=True, slots=True)
class Weighed:
    """One candidate's shares, in the order of ``names``, and their sum."""

    names: Sequence[str]
    shares: NDArray[np.float64]
    total: float

    def told(self) -> Shares:
        """The shares by name; what weighs little is one share, ``rest``."""
        told = dict(zip(self.names, self.shares.round(_DIGITS).tolist(), strict=True))
        large = {name: share for name, share in told.items() if abs(share) >= _LITTLE}
        return {**large, "rest": round(self.total - fsum(large.values()), _DIGITS)}


def weigh(
    rated: Sequence[Mapping[str, NDArray[np.float64]]],
    turns: NDArray[np.bool_],
    by: Mapping[str, Mapping[str, float]],
) -> list[Weighed]:
    """Each candidate's shares for the phrasing that it answers best; a signal without a weight counts nothing."""
    names = sorted(rated[0])
    factors = [np.array([by[kind].get(name, 0.0) for name in names]) for kind in ("texts", "turns")]
    shares = np.stack([np.stack([one[name] for name in names], axis=1) for one in rated])
    shares = shares * np.where(turns[:, None], factors[1], factors[0])
    totals = shares.sum(axis=2).round(_DIGITS)
    return [
        Weighed(names, shares[best, place], float(totals[best, place]))
        for place, best in enumerate(totals.argmax(axis=0))
    ]


def _shares(signal: str, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if signal == "name":
        return NAME * scores
    spread = float(scores.std())
    if spread < 10**-_DIGITS:
        return np.full(len(scores), ARMS[signal] / 2)
    away = (scores - scores.mean()) / spread
    return np.array((ARMS[signal] / (2 * _SPREADS) * np.maximum(0.0, away + _SPREADS)).round(_DIGITS))
