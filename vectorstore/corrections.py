"""Corrections: a turn that takes back what an earlier one said stands before it.

"The boat is red." — "Scratch that, the boat is green.": both answer what colour it is, and the older often a little
better. Nothing is hidden: the older one is found right behind. Knows nothing of engines or of signals.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from vectorstore.choice import Candidate
from vectorstore.passage import Origin
from vectorstore.signals import cosine

NEAREST = 24  # turns, best first, among which a correction is looked for
ALIKE = 0.6  # cosine from which two turns speak of the same thing
AHEAD = 0.01  # how much a correction scores above what it corrects

_TAKES_BACK = re.compile(
    r"^\W*(?:(?:no|nope|wait|sorry|rather)(?=\s*[,.;:!…–—-])|(?:actually|correction|scratch that)\b)"
    r"|\b(?:instead|no longer|from now on|changed (?:my|our) minds?|should be|is now)\b"
    r"|(?<!never )(?<!n't )(?<!n’t )\bforget (?:the|that|what)\b"
    r"|不对|其实|改成|更正|不再|不是.{1,20}而是|訂正|やっぱり",
    re.IGNORECASE,
)


def corrected(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same candidates; a turn that takes back an earlier one about the same scores just above it, and
    its signals say so (``corrects``)."""
    turns = sorted((one for one in candidates if one.stored.passage.origin is Origin.TURN), key=lambda one: -one.score)
    lifted: dict[str, float] = {}
    for later in turns[:NEAREST]:
        if _TAKES_BACK.search(later.stored.passage.text):
            above = max((one.score for one in turns[:NEAREST] if _about_the_same(one, later)), default=-inf)
            if above >= later.score:
                lifted[later.stored.id] = round(above - later.score + AHEAD, 5)
    return [_lifted(one, lifted[one.stored.id]) if one.stored.id in lifted else one for one in candidates]


def _about_the_same(earlier: Candidate, later: Candidate) -> bool:
    """Said before, alike, and of the asked words it holds none that the later one lacks."""
    old, new = earlier.stored, later.stored
    return (
        old.passage.depth < new.passage.depth
        and old.passage.thread == new.passage.thread
        and old.words.keys() <= new.words.keys()
        and cosine(old.vector, new.vector) >= ALIKE
    )


def _lifted(one: Candidate, by: float) -> Candidate:
    return replace(one, score=round(one.score + by, 5), signals=lambda: {**one.signals(), "corrects": by})
