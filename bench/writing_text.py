"""What a text shares with others: self-BLEU, runs of words that stand elsewhere, and what a passage bears out.

Pure, on words alone. Knows nothing of models, of search or of how pages are made.
"""

import math
from collections import Counter
from collections.abc import Sequence

from bench.writing_facts import NUMBER
from chains.fence import MARKER, unmarked
from chains.names import Names
from chains.words import TOKEN, content

GRAM = 5  # words of a run that is taken for copied
NEAR = 0.5  # of all runs of two drafts that both have: from here they are one draft twice
BEARS = 0.5  # of a sentence's words that mean something, that a passage must have
_BLEU = 4
_NONE = 0.1  # counted for an order of n-grams that has no match (Chen and Cherry 2014, their first smoothing)


def said(text: str) -> list[str]:
    """The words of a text without its markers; of Chinese or Japanese, characters."""
    return [match.group().casefold() for match in TOKEN.finditer(unmarked(text))]


def self_bleu(takes: Sequence[str]) -> float:
    """0..1: the mean of each take's BLEU-4 with the others as its references (Zhu et al. 2018). 1: all the same."""
    every = [said(one) for one in takes]
    return sum(bleu(one, every[:at] + every[at + 1 :]) for at, one in enumerate(every)) / len(every)


def bleu(one: Sequence[str], others: Sequence[Sequence[str]]) -> float:
    """BLEU with clipped counts, its orders weighed alike, and the length of the nearest reference."""
    if not one or not any(others):
        return 0.0
    total = 0.0
    for size in range(1, _BLEU + 1):
        own, most = Counter(grams(one, size)), Counter[tuple[str, ...]]()
        for other in others:
            most |= Counter(grams(other, size))
        total += math.log(((own & most).total() or _NONE) / max(own.total(), 1))
    near = min((abs(len(other) - len(one)), len(other)) for other in others)[1]
    return min(1.0, math.exp(1 - near / len(one))) * math.exp(total / _BLEU)


def grams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]


def longest(words: Sequence[str], other: Sequence[str]) -> int:
    """How many words in a row stand in both."""
    most, before = 0, [0] * (len(other) + 1)
    for word in words:
        row = [0] * (len(other) + 1)
        for at, one in enumerate(other):
            if one == word:
                row[at + 1] = before[at] + 1
                most = max(most, row[at + 1])
        before = row
    return most


def copied(words: Sequence[str], others: Sequence[Sequence[str]]) -> float:
    """Share of runs of GRAM words that stand in one of the others."""
    runs = grams(words, GRAM)
    known = {run for other in others for run in grams(other, GRAM)}
    return sum(run in known for run in runs) / len(runs) if runs else 0.0


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Of the runs of GRAM words of two drafts, the share that both have."""
    first, second = set(grams(one, GRAM)), set(grams(other, GRAM))
    return len(first & second) / len(first | second) if first | second else 0.0


def uncited(page: str, number: int) -> list[str]:
    """The words of a page's lines that do not cite ``number`` (0: all of them), with a word that is none for the rest:
    no run goes over it."""
    words: list[str] = []
    for line in page.splitlines():
        cited = {int(one.group(1) or one.group(2)) for one in MARKER.finditer(line)}
        words += ["\n"] if number and number in cited else said(line)
    return words


def bare_facts(sentence: str, names: Names) -> tuple[set[str], set[str]]:
    """What a sentence claims that a passage must have: canon names, by id, and numbers."""
    plain = unmarked(sentence)
    numbers = {match.group().casefold() for match in NUMBER.finditer(plain)}
    return {name.id for name in names.within(plain)}, numbers


def bears(passage: str, sentence: str, names: Names) -> bool:
    """Whether a passage (its title and text) has all names and numbers of a sentence and half of its other words."""
    named, numbers = bare_facts(sentence, names)
    there, counted = bare_facts(passage, names)
    own = set(content(unmarked(sentence)))
    shared = own & set(content(passage))
    return named <= there and numbers <= counted and len(shared) >= BEARS * len(own)
