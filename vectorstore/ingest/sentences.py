"""Where a text may be cut: paragraphs, sentences, lines, clauses, words, and at last characters.

Every function gives pieces that join to exactly what it was given. Written here because langchain-text-splitters
cuts by separator only, and it breaks after "Mr.", never after 「。」, may part a letter from its accent, loads 500
modules.
Knows nothing of chunks.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n+")
# A candidate is looked at again in _ends: a lookbehind of one character keeps the pattern linear.
_SENTENCE = re.compile(
    r"(?<=[.!?…؟۔।])[\"'”’»)\]*_]{0,4}\s+|(?<=[。！？｡])[」』”’）》】\"]{0,3}\s*(?![。！？｡…」』”’）》】\"])|\n[^\S\n]*\n\s*"
)
_CLAUSE = re.compile(r"(?<=[,;:—–،؛])\s+|(?<=[、，；：])(?![」』”’])|(?<=—)(?=\w)")
_WORD = re.compile(r"\s+")
_NO_ENDS = """
mr mrs ms dr st prof rev hon capt col gen lt sgt maj cpl adm gov pres sen rep jr sr vs etc no vol ch pp ed eds fig cf
mme mlle mt ft dept est inc ltd co int ext e.g i.e a.m p.m u.s approx al bzw usw z.b d.h nr str hr fr sra
"""
_ABBREVIATIONS = frozenset(_NO_ENDS.split())
_INITIAL = re.compile(r"(?:^|[\s.(])[A-Z]$")
_JOINERS = "\u200d\ufe0e\ufe0f"


def paragraphs(text: str) -> Iterator[str]:
    """Pieces ending with a blank line."""
    return _after(text, (match.end() for match in _PARAGRAPH.finditer(text)))


def lines(text: str) -> Iterator[str]:
    return _after(text, (match.end() for match in _LINE.finditer(text)))


def sentences(text: str) -> Iterator[str]:
    """Pieces ending with a sentence, its closing quotes and the space behind it."""
    return _after(text, (match.end() for match in _SENTENCE.finditer(text) if _ends(text, match)))


def clauses(text: str) -> Iterator[str]:
    return _after(text, (match.end() for match in _CLAUSE.finditer(text)))


def words(text: str) -> Iterator[str]:
    return _after(text, (match.end() for match in _WORD.finditer(text)))


def characters(text: str, step: int = 32) -> Iterator[str]:
    """Pieces of about ``step`` characters that part no letter from its accents and no emoji from its joiners."""
    start = 0
    while start < len(text):
        end = min(start + step, len(text))
        # a run of marks longer than any real cluster is cut all the same
        while end < min(len(text), start + 2 * step) and _clings(text, end):
            end += 1
        yield text[start:end]
        start = end


def _clings(text: str, at: int) -> bool:
    here = text[at]
    return here in _JOINERS or text[at - 1] == "\u200d" or unicodedata.combining(here) > 0 or "🏻" <= here <= "🏿"


def _after(text: str, ends: Iterable[int]) -> Iterator[str]:
    start = 0
    for end in ends:
        if end > start:
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]


def _ends(text: str, match: re.Match[str]) -> bool:
    """Whether a mark really ends a sentence: not after "Mr." or an initial, not before a small letter."""
    mark = text[match.start() - 1] if match.start() else ""
    if mark in "。！？｡" or match.group()[0] == "\n":
        return True
    if match.end() >= len(text):
        return True
    if text[match.end()].islower():
        return False
    if mark != "." or match.group()[0] in "\"'”’»)]":
        return True
    before = text[max(0, match.start() - 16) : match.start() - 1]
    word = before.split()[-1].lstrip("(\"'“‘*_[").lower() if before.split() else ""
    return word not in _ABBREVIATIONS and not _INITIAL.search(before)
