"""Evidence: which sentences of the passages bear on a question.

Counting words, no model: rare words weigh more, a passage's title and names count a little for each
of its sentences. Knows nothing of prompts, search or storage.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chains.words import content, spans

_TITLE = 0.6  # weight of a word that only the passage's title or names have
_ASKS = re.compile(
    r"[?？]\s*$|^\W*(?:who|whose|what|when|where|which|why|how|is|are|was|were|does|do|did|has|have|can|could|should|"
    r"tell me|remind me)\b|谁|什么|哪|几|吗|何|誰|どこ|いつ",
    re.IGNORECASE,
)


# Asking for ideas, not for what the notes hold.
_MUSES = re.compile(
    r"\b(?:could|might|should|would|may|what if|ideas?|suggest\w*|imagine|pitch|brainstorm|maybe|invent|come up with)\b",
    re.IGNORECASE,
)
_TRUST = 0.3  # how much of a sentence's weight is what the search thought of its passage

LIKELY = 0.4
"""The share from which a sentence can be taken for an answer. On the example show's questions all that
canon cannot answer stay below it, and nine in ten of those it can answer reach it."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """The sentence ``text`` of the passage at index ``passage``. ``share`` says how much of what was asked
    it speaks of, 0..1: words that no passage has count most, so that a question without an answer
    here stays low."""

    passage: int
    text: str
    share: float


def is_question(message: str) -> bool:
    """Whether a message asks for something that the notes may hold."""
    return _ASKS.search(message) is not None


def muses(message: str) -> bool:
    """Whether a message asks for ideas rather than for what is known."""
    return _MUSES.search(message) is not None


def answer(
    question: str, passages: Sequence[tuple[str, Sequence[str], str]], scores: Sequence[float]
) -> Bearing | None:
    """The two neighbouring sentences that most likely hold the answer: the one that bears on the question
    most, in a passage the search thinks much of (``scores``), and what stands right behind it."""
    top = max(scores, default=0.0)
    found = [
        (one.share + (_TRUST * scores[one.passage] / top if top > 0 else 0.0), one)
        for one in bearing(question, passages)
    ]
    if not found:
        return None
    best = max(found, key=lambda pair: pair[0])[1]
    text = passages[best.passage][2]
    sentences = [text[start:end] for start, end in spans(text)]
    at = sentences.index(best.text)
    return replace(best, text=" ".join(sentences[at : at + 2]))


def bearing(question: str, passages: Sequence[tuple[str, Sequence[str], str]]) -> tuple[Bearing, ...]:
    """Sentences of ``passages`` (title, names, text) that share a word with ``question``, best first;
    ties keep the passages' order."""
    titles = [set(content(" ".join((title, *names)))) for title, names, _ in passages]
    whole = [words | set(content(text)) for words, (_, _, text) in zip(titles, passages, strict=True)]
    asked = set(content(question))
    weight = {w: math.log(1 + len(passages) / (0.5 + sum(w in words for words in whole))) for w in asked}
    every = sum(weight.values())
    out = list[Bearing]()
    for at, (_, _, text) in enumerate(passages):
        for start, end in spans(text):
            own = set(content(text[start:end]))
            score = sum(weight[w] * (1.0 if w in own else _TITLE) for w in asked if w in own or w in titles[at])
            if score > 0:
                out.append(Bearing(at, text[start:end], score / every))
    return tuple(sorted(out, key=lambda b: (-b.share, b.passage)))
