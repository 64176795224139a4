"""Evidence: which sentences of the passages bear on a question.

Counting words, no model: rare words weigh more, a passage's title and names count a little for each
of its sentences. Knows nothing of prompts, search or storage.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chains.words import content, spans

_TITLE = 0.6  # weight of a word that only the passage's title or names have
_ASKS = re.compile(
    r"[?？]\s*$|^\W*(?:who|whose|what|when|where|which|why|how|is|are|was|were|does|do|did|has|have|can|could|should|"
    r"tell me|remind me)\b|谁|什么|哪|几|吗|何|誰|どこ|いつ",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Bearing:
    """The sentence ``text`` of the passage at index ``passage``; ``weight`` is larger the more it bears."""

    passage: int
    text: str
    weight: float


def is_question(message: str) -> bool:
    """Whether a message asks for something that the notes may hold."""
    return _ASKS.search(message) is not None


def bearing(question: str, passages: Sequence[tuple[str, Sequence[str], str]]) -> tuple[Bearing, ...]:
    """Sentences of ``passages`` (title, names, text) that share a word with ``question``, best first;
    ties keep the passages' order."""
    titles = [set(content(" ".join((title, *names)))) for title, names, _ in passages]
    whole = [words | set(content(text)) for words, (_, _, text) in zip(titles, passages, strict=True)]
    asked = set(content(question))
    weight = {w: math.log(1 + len(passages) / (0.5 + sum(w in words for words in whole))) for w in asked}
    out = list[Bearing]()
    for at, (_, _, text) in enumerate(passages):
        for start, end in spans(text):
            own = set(content(text[start:end]))
            score = sum(weight[w] * (1.0 if w in own else _TITLE) for w in asked if w in own or w in titles[at])
            if score > 0:
                out.append(Bearing(at, text[start:end], score))
    return tuple(sorted(out, key=lambda b: (-b.weight, b.passage)))
