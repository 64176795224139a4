"""Facts of a show's canon, and what they would be with another name or number: by a rule, and not by hand.

A name gives way to another entry's of the same kind, pronoun and article, a number to another of its sort that stands
in the same canon. Knows nothing of models or of search.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from chains.material import sentences
from chains.names import Mention, Name, Named, Names

_ONES = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORD = rf"(?:one|{'|'.join((_ONES + ' ' + _TENS).split())}|hundred|thousand)"
_SPELLED = rf"(?:{'|'.join((_ONES + ' ' + _TENS).split())}|one hundred)(?:(?:-|\s+and\s+|\s+){_WORD})*"
NUMBER = re.compile(rf"\b(?:\d+|{_SPELLED})\b", re.IGNORECASE)
_SMALL = frozenset(_ONES.split()[:11])
_REFERS = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|this|that|these|those|there|then)\b", re.IGNORECASE
)
_WAYS = 3  # false statements beside a true one
_ENDS = ' .!”"'
_ASKS = {"character": "who", "place": "which place"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement of the entry ``of``, the same with one thing changed in ways that are each false, and what asks for
    that thing."""

    of: str
    true: str
    false: tuple[str, ...]
    asks: str


@dataclass(frozen=True)
class Facts:
    """What can be exchanged for what in this canon. The same seed makes the same changes."""

    entries: Sequence[Named]
    seed: int = 7

    @cached_property
    def names(self) -> Names:
        return Names.read(self.entries)

    @cached_property
    def _text(self) -> str:
        return "\n".join(entry.text for entry in self.entries)

    @cached_property
    def _numbers(self) -> list[str]:
        return sorted({match.group().lower() for match in NUMBER.finditer(self._text)})

    def pairs(self, most: int) -> list[Pair]:
        """At most so many, no entry with two more than another that has as many to give."""
        chance = Random(self.seed)
        of = [(entry, list(self._of(entry, chance))) for entry in self.entries]
        for _, found in of:
            chance.shuffle(found)
        deepest = max((len(found) for _, found in of), default=0)
        return [found[at] for at in range(deepest) for _, found in of if at < len(found)][:most]

    def _of(self, entry: Named, chance: Random) -> Iterator[Pair]:
        for sentence in sentences(entry.text):
            if not self.stands_alone(sentence):
                continue
            for name in self.names.within(sentence):
                changed = [self.put(sentence, name, other) for other in self.other_names(name, sentence, chance)]
                false = tuple(one for one in changed if one and one not in self._text)[:_WAYS]
                if false:
                    yield Pair(entry.id, sentence, false, _asked(sentence, self._mentions(sentence, name)))
            for number in [match.group() for match in NUMBER.finditer(sentence)][:1]:
                others = self.other_numbers(number, sentence, chance)[:_WAYS]
                false = tuple(put_number(sentence, number, other) for other in others)
                if false:
                    yield Pair(entry.id, sentence, false, _counted(sentence, number))

    def stands_alone(self, sentence: str) -> bool:
        """Whether it names whom or what it tells of, before any *she* or *it*."""
        named = self.names.find(sentence)
        return bool(named) and _REFERS.search(sentence[: named[0].start]) is None

    def other_names(self, name: Name, sentence: str, chance: Random) -> list[Name]:
        """Those that could stand in its place, shuffled."""
        there = self.names.within(sentence)
        alike = [
            one
            for one in self.names.all
            if (one.kind, one.pronoun, self._articled(one)) == (name.kind, name.pronoun, self._articled(name))
            and one not in there
            and bool(short(one)) == bool(short(name))
        ]
        return chance.sample(alike, len(alike))

    def other_numbers(self, number: str, sentence: str, chance: Random) -> list[str]:
        there = {match.group().lower() for match in NUMBER.finditer(sentence)}
        alike = [one for one in self._numbers if _sort(one) == _sort(number.lower()) and one not in there]
        return chance.sample(alike, len(alike))

    def put(self, text: str, name: Name, other: Name) -> str:
        """The text with one name for another, in full where it stood in full; "" where it stands in another form."""
        out, last = "", 0
        for mention in self._mentions(text, name):
            written = text[mention.start : mention.end]
            if written not in (name.name, short(name)):
                return ""
            out += text[last : mention.start] + (other.name if written == name.name else short(other))
            last = mention.end
        return out + text[last:]

    def _mentions(self, text: str, name: Name) -> list[Mention]:
        return [mention for mention in self.names.find(text) if mention.name == name]

    def _articled(self, name: Name) -> bool:
        found = re.findall(rf"(\b[Tt]he )?\b{re.escape(name.name)}\b", self._text)
        return 2 * sum(map(bool, found)) > len(found)


def short(name: Name) -> str:
    """The one word that a name goes by: *Odile* for Odile Marrow."""
    return next((alias for alias in name.aliases if alias.isalpha()), "")


def put_number(text: str, number: str, other: str) -> str:
    """The text with every such number changed; a part of a longer number is none."""

    def change(match: re.Match[str]) -> str:
        if match.group().lower() != number.lower():
            return match.group()
        return other[:1].upper() + other[1:] if match.group()[0].isupper() else other

    return NUMBER.sub(change, text)


def _sort(number: str) -> str:
    if number.isdigit():
        return "year" if len(number) == 4 else "digits"
    return "small" if number in _SMALL else "large"


def _asked(sentence: str, mentions: Sequence[Mention]) -> str:
    out, last = "", 0
    for mention in mentions:
        before = re.sub(r"\b[Tt]he $", "", sentence[last : mention.start])
        own = sentence[mention.end :].startswith(("'s", "’s"))
        word = "whose" if own else _ASKS.get(mention.name.kind, f"which {mention.name.kind}")
        out += before + word
        last = mention.end + (2 if own else 0)
    return _question(out + sentence[last:])


def _counted(sentence: str, number: str) -> str:
    return _question(put_number(sentence, number, "which" if number.isdigit() else "how many"))


def _question(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(_ENDS) + "?"
