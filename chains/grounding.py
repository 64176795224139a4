"""Grounding: which passages a finished text stands on, sentence by sentence, and what in it is new.

Nothing rests on the model's word: its markers are joined with what the words, names and (where the
caller has them) embeddings tell, and kept only where that bears them out. Knows nothing of models.
"""

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from chains.fence import MARKER
from chains.names import Names, candidates
from chains.page import Citation, Page, Remark
from chains.prompt import Cited
from chains.words import CJK, FUNCTION, LOWER, TOKEN, UPPER, content, is_cjk, spans, tokens

# Calibrated on the invented world in tests/chains/world.json: at SUPPORTED at least nine in ten
# citations are right; below FLOOR even a marker the model wrote itself is not believed.
SUPPORTED = 0.45
FLOOR = 0.20
DOUBT = 0.12  # below it not even the nearest meaning makes a sentence rest on a passage
MOST = 2  # citations a sentence
_STRANGE = 0.6
_SHORT = 3  # words that mean something
_SECOND = 0.75  # a second passage must carry this share of the first one's support

_NO_MARKER = re.compile(
    r"^\s*(?:#|~|>|=|\[\[|(?:INT|EXT|EST|I/E)[./ ]|```|\|)"  # headings, lyrics, transitions, tables
    rf"|^(?=[^{LOWER}{CJK}]*[{UPPER}])[^{LOWER}{CJK}]*+$"  # cues and titles in capitals
    r"|^\s*(?:\*\*)?[^\n:]{1,40}:(?:\*\*)?\s*$"  # a label alone
    r"|^\s*\([^)]*\)\s*$|^\s*(?:\*\*[^*]+\*\*|[-*_]{3,})\s*$"
    r"|[?？][\"”’)」』]*\s*$"  # a question states nothing that could rest on a passage
)
_NUMBER = re.compile(r"(?<![\w.,:])\d+(?:[.,:]\d+)*(?![\w])")
_ITEM = re.compile(
    r"^\s*(?:[#*]+\s*)?(?:(?:scene|act|beat|step|episode|part|verse|chapter|take)\s*)?\d+[.):]?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at ``start``..``end`` of the text without markers, with the numbers the model put at it."""

    start: int
    end: int
    text: str
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """A text read without its markers, and how much each sentence (rows) shares with each passage."""

    plain: str
    found: tuple[Sentence, ...]
    rows: tuple[Sequence[float], ...]

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Sentences that share too little with any passage to be given to it by their words alone, and too
        much to be called the writer's own: what they mean would settle it."""
        pairs = zip(self.found, self.rows, strict=True)
        return tuple(s.text for s, row in pairs if DOUBT <= max(row, default=0.0) < SUPPORTED)

    def settled(self, likeness: Mapping[str, Sequence[float]]) -> list[Sequence[float]]:
        """The rows, with the cosines that ``likeness`` has for a sentence."""
        return [
            [combined(score, close) for score, close in zip(row, likeness[s.text], strict=True)]
            if s.text in likeness
            else row
            for s, row in zip(self.found, self.rows, strict=True)
        ]


def weigh(text: str, passages: Sequence[Cited], names: Names, *, preface: str = "", source: int = 0) -> Weighed:
    """``preface`` are words of ours at its beginning, which rest on nothing. What follows them stands in the passage
    number ``source``; 0: in none that is known."""
    plain, found = _read(text)
    index = _Index.of(passages, names)
    own = len(preface) if preface and plain.startswith(preface) else 0
    rows = [index.support(s.text, names) if s.start >= own else [0.0] * len(passages) for s in found]
    at = next((i for i, passage in enumerate(passages) if passage.n == source), None)
    if at is not None:
        rows = [[*row[:at], 1.0, *row[at + 1 :]] if s.start >= own else row for s, row in zip(found, rows, strict=True)]
    return Weighed(plain, found, tuple(rows))


def ground(
    text: str,
    passages: Sequence[Cited],
    names: Names,
    said: Sequence[str] = (),
    likeness: Mapping[str, Sequence[float]] | None = None,
    *,
    weighed: Weighed | None = None,
) -> Page:
    """The finished page of ``text``.

    ``passages`` are those of the prompt; ``said`` what people wrote (the message and the history):
    it makes a name known but is no evidence. ``likeness`` holds the cosine of ``doubtful`` sentences to
    every passage; ``weighed`` is the text's, where the caller has it. Markers are renumbered 1.. in order of
    first use and stand after their sentence.
    """
    weighed = weighed or weigh(text, passages, names)
    chosen, remarks = _choose(weighed.found, weighed.settled(likeness or {}), passages)
    page = _write(weighed.plain, weighed.found, chosen, passages)
    return replace(page, fresh=fresh(weighed.plain, passages, names, said), remarks=remarks)


def _read(text: str) -> tuple[str, tuple[Sentence, ...]]:
    """The text without its markers, and its sentences with the markers that stood in or right after them."""
    plain, marks, last = "", list[tuple[int, int]](), 0
    for match in MARKER.finditer(text):
        before = text[last : match.start()]
        at_line_end = match.end() == len(text) or text[match.end()] in "\n .,;:!?。，！？"
        plain += before.rstrip(" \t") if at_line_end else before
        marks.append((len(plain), int(match.group(1) or match.group(2))))
        last = match.end()
    plain += text[last:]
    where = spans(plain)
    begins = [start for start, _ in where]
    at: dict[int, list[int]] = defaultdict(list)
    for offset, n in marks:
        at[max(bisect_left(begins, offset) - 1, 0)].append(n)
    return plain, tuple(
        Sentence(start, end, plain[start:end], tuple(dict.fromkeys(at[i]))) for i, (start, end) in enumerate(where)
    )


def combined(words: float, cosine: float) -> float:
    """Support from shared words, and from an embedding's cosine beside them. Meaning alone never reaches
    SUPPORTED: two sentences on one subject are close without one resting on the other."""
    close = min(1.0, max(0.0, (cosine - 0.3) / 0.4))
    return max(words, min(1.0, 0.85 * words + 0.35 * close)) if words > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Index:
    """Words, word pairs and names of every passage, and how rare each word is among them."""

    words: tuple[frozenset[str], ...]
    pairs: tuple[frozenset[tuple[str, str]], ...]
    names: tuple[frozenset[str], ...]
    rarity: Mapping[str, float]
    unseen: float

    @classmethod
    def of(cls, passages: Sequence[Cited], names: Names) -> "_Index":
        texts = [f"{p.title}. {' '.join(p.names)}. {p.text}" for p in passages]
        words = [content(text) for text in texts]
        sets = tuple(frozenset(w) for w in words)
        every = frozenset().union(*sets) if sets else frozenset()
        rarity = {w: math.log(1 + (len(sets) + 1) / (0.5 + sum(w in s for s in sets))) for w in every}
        return cls(
            sets,
            tuple(frozenset(pairwise(w)) for w in words),
            tuple(frozenset(n.id for n in names.within(text)) for text in texts),
            rarity,
            math.log(1 + (len(sets) + 1) / 1.0),
        )

    def support(self, sentence: str, names: Names) -> list[float]:
        """0..1 for each passage: how far the sentence's rare words, word pairs and names are the passage's.

        A single shared word carries nothing, and two are most of a short sentence and little evidence, unless one is
        a name or they stand together in both. A canon name that the passage lacks counts against it, and more so a
        name that canon does not know: it is what the sentence is about, and from elsewhere.
        """
        words = content(sentence)
        own, pairs = set(words), set(pairwise(words))
        named, naming = {n.id for n in names.within(sentence)}, _name_words(sentence, names)
        later = sentence[1:]  # what begins a sentence has its capital from that
        strange = {w for name in candidates(later) for w in content(name)} - naming
        whole = sum(self.rarity.get(w, self.unseen) for w in own)
        found = list[float]()
        for there, joins, called in zip(self.words, self.pairs, self.names, strict=True):
            shared = own & there
            covered = sum(self.rarity[w] for w in shared) / whole if len(shared) > 1 else 0.0
            joined = len(pairs & joins) / len(pairs) if pairs else 0.0
            fitting = len(named & called) / len(named) if named else 1.0
            little = len(own) <= _SHORT and len(shared) == 2 and not (joined or shared & naming)
            doubt = 0.4 if shared <= naming else 0.5 if little else _STRANGE if strange - there else 1.0
            found.append((0.75 * covered + 0.25 * joined) * (0.5 + 0.5 * fitting) * doubt if covered else 0.0)
        return found


def _name_words(sentence: str, names: Names) -> set[str]:
    return {w for m in names.find(sentence) for w in content(sentence[m.start : m.end])}


def _choose(
    found: Sequence[Sentence], scores: Sequence[Sequence[float]], passages: Sequence[Cited]
) -> tuple[list[list[tuple[int, float]]], tuple[Remark, ...]]:
    """For every sentence the (passage index, support) it is given, and what was noticed."""
    by_number = {p.n: i for i, p in enumerate(passages)}
    chosen = list[list[tuple[int, float]]]()
    unknown, unborne = dict[int, None](), dict[int, None]()
    for sentence, row in zip(found, scores, strict=True):
        marked = [by_number[n] for n in sentence.marks if n in by_number]
        unknown.update({n: None for n in sentence.marks if n not in by_number})
        unborne.update({passages[i].n: None for i in marked if row[i] < FLOOR})
        best = max(row, default=0.0)
        picks = [
            (i, score)
            for i, score in enumerate(row)
            if (i in marked and score >= FLOOR) or (score >= SUPPORTED and score >= _SECOND * best)
        ]
        chosen.append(sorted(picks, key=lambda p: (-p[1], p[0]))[:MOST])
    return chosen, (*_unknown(unknown), *_unborne(unborne))


def _unknown(numbers: Mapping[int, None]) -> tuple[Remark, ...]:
    return tuple(Remark("grounding", f"Took out [{n}]: there was no such note.") for n in numbers)


def _unborne(numbers: Mapping[int, None]) -> tuple[Remark, ...]:
    return tuple(Remark("grounding", f"Took out a [{n}] whose sentence does not rest on that note.") for n in numbers)


def _write(
    plain: str,
    found: Sequence[Sentence],
    chosen: list[list[tuple[int, float]]],
    passages: Sequence[Cited],
) -> Page:
    """The text with its final markers, and the citations they stand for."""
    numbers: dict[int, int] = {}
    best: dict[int, float] = {}
    out, last = "", 0
    for sentence, picks in zip(found, chosen, strict=True):
        out, last = out + plain[last : sentence.end], sentence.end
        if _NO_MARKER.search(sentence.text):
            continue
        for at, support in picks:
            numbers.setdefault(at, len(numbers) + 1)
            best[at] = max(best.get(at, 0.0), support)
        if picks:
            out += " " + "".join(f"[{n}]" for n in sorted(numbers[at] for at, _ in picks))
    citations = tuple(Citation(n, passages[at].id, passages[at].label, round(best[at], 3)) for at, n in numbers.items())
    return Page(out + plain[last:], citations)


def fresh(text: str, passages: Sequence[Cited], names: Names, said: Sequence[str] = ()) -> tuple[str, ...]:
    """Names and numbers of ``text`` that stand in no passage, in nothing people said, and in no canon name."""
    known = " \n".join((*(f"{p.title} {' '.join(p.names)} {p.holds} {p.text}" for p in passages), *said))
    words = frozenset(tokens(known))
    lower = frozenset(w for m in TOKEN.finditer(known) if (w := m.group()).islower())
    canon = frozenset(w for n in names.all for written in (n.name, *n.aliases) for w in tokens(written))
    out = dict[str, None]()
    for name in candidates(text, lower):
        if is_cjk(name):
            if name not in known and not names.find(name):
                out[name] = None
        elif any(w not in words and w not in canon and w not in FUNCTION and not _counts(w) for w in tokens(name)):
            out[name] = None
    return (*out, *_numbers(text, known))


def _counts(word: str) -> bool:
    """Whether a word is the number of a shot or a verse."""
    return len(word) == 1 and word.isdigit()


def _numbers(text: str, known: str) -> tuple[str, ...]:
    """Numbers of two digits and more that nothing known holds; numbering of lines is not looked at."""
    out = dict[str, None]()
    there = frozenset(re.findall(r"\d+", known))
    for line in text.splitlines():
        item = _ITEM.match(line)
        for match in _NUMBER.finditer(line, item.end() if item else 0):
            number = match.group()
            if len(number) > 1 and number not in there and not _holds(known, number):
                out[number] = None
    return tuple(out)


def _holds(known: str, number: str) -> bool:
    """Whether a number with a point, comma or colon in it stands in a text, and not as a part of longer ones."""
    if number.isdecimal() or number not in known:
        return False
    return re.search(rf"(?<!\d){re.escape(number)}(?!\d)", known) is not None
