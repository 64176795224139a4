"""BM25 as sparse vectors: which words, how often; the store adds how rare they are.

One analysis for every script: the multilingual tokenizer segments Chinese and Japanese, the
English stemmer leaves other scripts alone. Knows nothing of passages or of the store.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from struct import Struct
from typing import Any
from zlib import crc32

from qdrant_edge import Bm25, Bm25Config, TokenizerType

from vectorstore.store import Pair

_AVERAGE_LENGTH = 80.0  # words of a passage as the product cuts texts, stop words left out
# The tokenizer drops bare numbers; "n1889" it keeps.
_NUMBER = re.compile(r"(?<![A-Za-z\d])\d+(?![A-Za-z\d])")

_IDEOGRAM = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_NAME_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|(?:(?![\u3400-\u9fff\uf900-\ufaff])[^\W_])+(?:'[^\W_]+)*")
_LONGEST_NAME = 6  # words, or ideograms
_LONGEST_TEXT = 80
_KNOWN = 50_000  # words whose number is remembered
_READ = 4096  # texts whose numbers are, at about a kilobyte each
_PAIRED = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+(?:'[^\W_]+)*")
_PAIR = Struct("2q")
_SPACES = {ord(sign): " " for sign in map(chr, range(128)) if not sign.isalnum() and sign != "'"}


@dataclass(frozen=True, slots=True)
class Sparse:
    """``indices`` are hashed words, ``values`` their weights; both of the same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]

    def of(self, show: int) -> "Sparse":
        """The same in a show's own numbers; or back from them."""
        return replace(self, indices=tuple(word ^ show for word in self.indices))


class Words:
    """The analysis of queries and of passages, which must be the same one."""

    def __init__(self) -> None:
        self._model = Bm25(
            Bm25Config(tokenizer=TokenizerType.Multilingual, language="english", avg_len=_AVERAGE_LENGTH)
        )
        self._known: dict[str, int] = {}
        self._numbers = lru_cache(maxsize=_READ)(self._numbered)
        self._asked = lru_cache(maxsize=_READ)(self._query)

    def query(self, text: str) -> Sparse:
        """Each word once; empty when nothing but stop words was asked."""
        return self._asked(text)

    def passage(self, text: str) -> Sparse:
        """Words weighted by BM25's saturated frequency."""
        found = self._model.embed_document(_plain(text))
        return Sparse(tuple(found.indices), tuple(found.values))

    def pairs(self, text: str) -> frozenset[Pair]:
        """Adjacent words as they stand, stop words too, at least one of the two being none."""
        return frozenset(pair for pair in pairwise(array("q", self._numbers(text))) if max(pair) >= 0)

    def beside(self, text: str, pairs: Iterable[Pair]) -> frozenset[Pair]:
        """Those pairs that stand in the text."""
        numbers = self._numbers(text)
        return frozenset(pair for pair in pairs if _holds(numbers, _PAIR.pack(*pair)))

    def _query(self, text: str) -> Sparse:
        found = self._model.embed_query(_plain(text))
        return Sparse(tuple(found.indices), tuple(found.values))

    def _numbered(self, text: str) -> bytes:
        """The words' numbers, eight bytes each."""
        words = _paired(unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'"))
        found: list[Any] = list(map(self._known.get, words))
        if None in found:
            found = [
                self._number(word) if number is None else number for word, number in zip(words, found, strict=True)
            ]
        return array("q", found).tobytes()

    def _number(self, word: str) -> int:
        """The word's index; below zero for a stop word, which has none."""
        indices = self.query(word.removesuffix("'s")).indices
        if len(self._known) >= _KNOWN:
            self._known.clear()
        number = self._known[word] = indices[0] if indices else -1 - crc32(word.removesuffix("'s").encode())
        return number

    def spoken(self, text: str) -> set[str]:
        """Every run of words of ``text`` that could be a name, as name keys; lone stop words are none."""
        words = _name_words(text)[:_LONGEST_TEXT]
        runs = (words[start:end] for start in range(len(words)) for end in range(start + 1, start + 1 + _LONGEST_NAME))
        return {" ".join(run) for run in runs if len(run) > 1 or (run and self._telling(run[0]))}

    def _telling(self, word: str) -> bool:
        return not _IDEOGRAM.fullmatch(word) and bool(self.query(word).indices)


def _holds(numbers: bytes, wanted: bytes) -> bool:
    """Whether these numbers stand among those, one behind the other."""
    at = numbers.find(wanted)
    while at >= 0 and at % 8:  # half of one number and half of the next
        at = numbers.find(wanted, at + 1)
    return at >= 0


def _paired(text: str) -> list[str]:
    """What _PAIRED finds; in a third of the time where a text is ASCII."""
    if not text.isascii() or "''" in text:
        return _PAIRED.findall(text)
    found = text.translate(_SPACES).split()
    return [word for word in (one.strip("'") for one in found) if word] if "'" in text else found


def own(tenant: str, show: str) -> int:
    """What makes a word's number the show's own, by exclusive or. The store keeps what words weigh under these
    numbers: so a search for words reads what its show holds of them and not what all do, and what is in other
    shows makes no word rarer. Words of one show stay as different as they were."""
    return crc32(f"{tenant}\0{show}".encode())


def name_key(name: str) -> str:
    """A name as it is compared: case, punctuation and a final 's do not count; ideograms stand apart."""
    return " ".join(_name_words(name))


def _name_words(text: str) -> list[str]:
    found = _NAME_WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'"))
    return [word.removesuffix("'s") for word in found]


def _plain(text: str) -> str:
    return _NUMBER.sub(r" n\g<0> ", unicodedata.normalize("NFKC", text))
