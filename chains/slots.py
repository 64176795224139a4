"""Slots: is a drawn filling good enough to show, and which of several is best?

Only looks at text: what a small model does wrong (invents names, repeats itself, talks about
itself, writes lists and labels) shows in its words. Knows nothing of models or platforms.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chains.format import Slot
from chains.material import Material
from chains.names import candidates
from chains.words import content as meaningful
from chains.words import words

_META = re.compile(
    r"\b(?:as an ai|ai assistant|language model|i cannot|i can't assist|i'm sorry|i am sorry|sure[,!]|certainly"
    r"|here(?: is|'s) (?:a|the|your)|the (?:scene|passage|prompt|story|reader|dialogue|script|user|next sentence)"
    r"|in this (?:scene|story|passage)|passages?\b|answer to|the question|\[insert|your name|smollm|hugging ?face|end of scene"
    r"|said in this talk|not in canon|in so many words|canon does not|to be continued|ladies and gentlemen)",
    re.I,
)
_MARKUP = re.compile(r"^\s*(?:[-*•#>|]|\d+[.)]\s)|[{}<>|\\`#_*]|https?:|\[|\]|\(\s*\)")
_LABEL = re.compile(r"^\s*[A-Z][\w' ]{0,24}:")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CLAUSE = re.compile(r"\s*[,;:–—]\s|\s-\s")
_ENDED = re.compile(r"[.!?…。！？][\"”’')]*$")
_SENTENCE = re.compile(r".+?(?:[.!?…](?=[\"”’')]*(?:\s|$))|[。！？])[\"”’')]*|.+$", re.S)
_DANGLING = frozenset(
    """a an the and or but of to in on at with for from by as that which who if than is was are were be been my your
    his her its their our i'm into""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A filling made presentable. ``fault`` says what is wrong with it, empty when nothing is;
    a higher ``score`` reads better."""

    text: str
    fault: str
    score: float


def judge(
    text: str, *, cut: bool, opening: str, slot: Slot, material: Material, page: str, speaker: str = ""
) -> Judged:
    """Trim what was drawn after ``opening`` and say what is wrong with it.

    ``cut`` means it ran into its token bound; ``page`` is everything written so far.
    """
    trimmed = trim(text, slot, cut=cut)
    fault = _fault(trimmed, opening, slot, material, page, speaker)
    return Judged(trimmed, fault, _score(trimmed, opening, material, page, slot))


def trim(text: str, slot: Slot, *, cut: bool) -> str:
    """Whole sentences only, at most as many as the slot takes, quotation marks and stray space off."""
    line = " ".join(text.split("\n")[0].split()).strip().strip('"“”*').strip()
    pieces = [piece.strip() for piece in _SENTENCE.findall(line)][: slot.sentences]
    if cut and len(pieces) > 1 and not _ENDED.search(pieces[-1]):
        pieces.pop()
    joined = " ".join(piece for piece in pieces if piece)
    if slot.words:
        joined = _shortened(joined, slot.words)
    if slot.mark and joined and not _ENDED.search(joined):
        joined = joined.rstrip(" ,;:-–—") + slot.mark
    return joined if slot.mark else joined.rstrip(" .,;:-–—")


def _shortened(text: str, most: int) -> str:
    """At most so many words: cut at a comma or a dash where there is one, and never behind an *of* or *the*."""
    found = list(_WORD.finditer(text))
    if len(found) <= most:
        return text
    kept = text[: found[most].start()]
    clauses = [match.start() for match in _CLAUSE.finditer(kept)]
    if clauses and len(words(kept[: clauses[-1]])) > 2:
        return kept[: clauses[-1]]
    while most > 1 and found[most - 1].group().lower() in _DANGLING:
        most -= 1
    return text[: found[most - 1].end()]


def strays(text: str, material: Material, ordinary: str = "") -> tuple[str, ...]:
    """Names in a text that come from nowhere. The words of ``ordinary`` are no names here."""
    plain = frozenset(word.casefold() for word in words(ordinary))
    names = candidates(text, material.names | plain)
    return tuple(
        n for n in names if any(w.casefold() not in material.names | plain and w[:1].isupper() for w in words(n))
    )


def without_strays(text: str, slot: Slot, material: Material) -> str:
    """The sentences of a text that hold no stray name and nothing about the model itself."""
    pieces = [piece.strip() for piece in _SENTENCE.findall(text)]
    return " ".join(
        p
        for p in pieces
        if len(words(p)) > 1 and not strays(p, material) and not _META.search(p) and not _MARKUP.search(p)
    )


def content(text: str) -> set[str]:
    """Stemmed words that carry meaning."""
    return set(meaningful(text))


def _fault(text: str, opening: str, slot: Slot, material: Material, page: str, speaker: str) -> str:
    tokens = [w.lower() for w in words(text)]
    added = [w.lower() for w in words(text[len(opening) :])] if opening and text.startswith(opening) else tokens
    if not added:
        return "empty"
    if opening[-1:].isalpha() and text.startswith(opening) and text[len(opening)].isalpha():
        return "markup"
    if _META.search(text):
        return "about itself"
    if _MARKUP.search(text) or _LABEL.match(text) or text.count('"') % 2:
        return "markup"
    if slot.mark and tokens[-1] in _DANGLING and text.endswith("."):
        return "unfinished"
    if speaker and speaker.lower() in tokens:
        return "names itself"
    if strays(text, material, opening):
        return "new name"
    if any(token.isdigit() and token not in material.names for token in tokens):
        return "new number"
    if repeats(text) or again(text, page, opening):
        return "repeats"
    return ""


def repeats(text: str) -> bool:
    """Whether a text says the same three words, or one word three times in a row, twice over."""
    tokens = [w.lower() for w in words(text)]
    threes = list(zip(tokens, tokens[1:], tokens[2:], strict=False))
    stutter = any(a == b for a, b in pairwise(tokens))
    return stutter or len(set(threes)) < len(threes)


def again(text: str, page: str, opening: str = "") -> bool:
    """Whether a text says what the page said already: a line of it, or most of its words in a row."""
    tokens = [w.lower() for w in words(text)]
    said = [[w.lower() for w in words(line)] for line in page.splitlines()]
    fours = set(zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False))
    old = {four for line in said for four in zip(line, line[1:], line[2:], line[3:], strict=False)}
    ends = [tuple(line[-3:]) for line in said if len(line) >= 3]
    return tokens in said or len(fours & old) * 2 > len(fours) or (len(tokens) >= 3 and tuple(tokens[-3:]) in ends)


def _score(text: str, opening: str, material: Material, page: str, slot: Slot) -> float:
    mine = content(text)
    new = mine - content(opening)
    asked, ground, said = content(material.request), content(" ".join(material.passages)), content(page)
    length = len(words(text))
    short = max(0, 5 - length) * 0.25
    support = (2.0 * len(new & asked - said) + 1.2 * len(new & ground - said)) / (2 + len(new))
    fresh = len(new - said) / (1 + len(new))
    nowhere = 0.3 * len(new - asked - ground - said)
    return support + fresh - short - nowhere


def best(judged: Sequence[Judged]) -> Judged | None:
    """The best filling without a fault, None when all have one."""
    good = [one for one in judged if not one.fault]
    return max(good, key=lambda one: one.score, default=None)
