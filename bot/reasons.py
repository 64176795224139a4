"""Reasons: why a passage was found, in words: what its signals say, the strongest first.

Knows nothing of how the signals are worked out (`vectorstore.signals`) or weighed.
"""

from collections import defaultdict
from collections.abc import Mapping

MOST = 3
LEAST = 0.15
"""Below this share a reason is not worth the words."""

_WORDS = {
    "it is named": ("name",),
    "close in meaning": ("meaning", "nearness"),
    "says it in words that come near": ("pieces", "pieces_around", "pieces_wide"),
    "has the words asked for": ("words", "words_around", "words_wide", "covers", "covers_around"),
    "has them side by side": ("pairs",),
    "what stands beside it fits": ("meaning_before", "meaning_after", "words_before", "words_after"),
    "much around it fits": ("gathered", "together", "together_several"),
    "the best of its document": ("foremost",),
    "it begins something": ("opening",),
    "who speaks is named": ("speaker", "speaker_first"),
    "it answers a question": ("answers", "answers_when"),
    "it tells when": ("tells_time", "tells_when"),
    "it tells how many": ("tells_count",),
    "it tells a name": ("tells_name",),
    "it tells why": ("tells_why",),
    "the day is named": ("date",),
    "of a kind this format wants": ("kind",),
    "said lately": ("recency",),
    "it corrects an earlier one": ("corrects",),
}
_REASON = {signal: words for words, signals in _WORDS.items() for signal in signals}


def strongest(signals: Mapping[str, float]) -> list[str]:
    """At most MOST reasons that speak for a passage; ``signals`` are its shares of the score by name. Those
    without words (``length``, ``rest``, the absolute ratings) are left out."""
    shares: defaultdict[str, float] = defaultdict(float)
    for signal, share in signals.items():
        if signal in _REASON:
            shares[_REASON[signal]] += share
    found = sorted(shares, key=lambda words: -shares[words])
    return [words for words in found if shares[words] >= LEAST][:MOST]
