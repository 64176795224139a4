"""Fusion: many arms' ratings of the same candidates become one score, share by share.

Scores and not ranks are fused: a rank forgets by how much. Every arm is put on one scale by its own
mean and spread over all candidates, as in distribution-based score fusion. Knows nothing of engines.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev

from vectorstore.store import Arm

# Learned on half of fairytale-train, see bench: words carry stories further than MiniLM's vectors.
WEIGHTS: Mapping[str, float] = {"dense": 0.3, "bm25": 0.7}
NAME = 0.25  # an exact name is worth one and a half standard deviations
_SPREADS = 3.0  # an average candidate gets half a share, one three deviations above it a whole
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
        rated = {one: scores.get(one, 0.0) for one in shares}
        for one, share in _shares(signal, rated).items():
            shares[one][signal] = max(share, shares[one].get(signal, 0.0))
    return shares


def raw(arms: Sequence[Arm], signal: str) -> dict[str, float]:
    """The best rating of each candidate by one signal, as the engine gave it."""
    best: dict[str, float] = {}
    for arm in arms:
        if arm.signal == signal:
            for one, score in arm.scores.items():
                best[one] = max(score, best.get(one, score))
    return best


def _shares(signal: str, scores: Mapping[str, float]) -> dict[str, float]:
    if signal == "name":
        return {one: NAME * score for one, score in scores.items() if score}
    mean, spread = fmean(scores.values()), pstdev(scores.values())
    if spread < 10**-_DIGITS:
        return dict.fromkeys(scores, WEIGHTS[signal] / 2)
    scale = WEIGHTS[signal] / (2 * _SPREADS)
    return {one: round(scale * max(0.0, (score - mean) / spread + _SPREADS), _DIGITS) for one, score in scores.items()}
