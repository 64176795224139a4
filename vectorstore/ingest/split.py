"""Splitting: blocks of text into chunks that an embedding model reads to the end.

all-MiniLM reads 256 word pieces and silently drops the rest, so chunks are weighed in estimated pieces: about 150
English words or 200 Chinese characters. Nothing is lost: the chunks' visible characters are the blocks', in order.
Knows nothing of formats.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil

from vectorstore.ingest.document import Chunk
from vectorstore.ingest.draft import Block
from vectorstore.ingest.sentences import characters, clauses, lines, paragraphs, sentences, words

TARGET = 185  # word pieces a chunk should have: 120 to 180 English words
MOST = 225  # word pieces it may have; the estimate is within a tenth for prose
LEAST = 45  # below this a chunk joins its neighbour under the same heading

_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][a-z]{1,2}\b)?")
_ENGLISH = re.compile(r"\b(?:the|and|of|to|is|it|he|she|you|that|for|with|they|this|on|at)\b", re.IGNORECASE)
_SAMPLE = 20_000  # characters that tell the language
_FOREIGN = 0.7  # an English vocabulary makes a German or French word into half as many pieces again
_DIGITS = re.compile(r"\d+")
_COUNTED = re.compile(r"[A-Za-zÀ-ɏ\d\s\u0300-\u036f]+")

Level = Callable[[str], Iterator[str]]
# The first three keep sentences whole; a sentence that is too long itself falls through to the rest.
_LEVELS: tuple[Level, ...] = (paragraphs, sentences, lines, clauses, words, characters)
_FINE = (lines, clauses, words, characters)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a block with the space behind it, and what it weighs."""

    text: str
    weight: float
    block: Block
    tied: bool


def weigh(text: str) -> float:
    """About how many word pieces an uncased BERT vocabulary makes of ``text``. Other scripts count by the character."""
    latin = sum(_pieces(len(word)) for word in _LATIN.findall(text))
    digits = sum(1 + (len(number) - 1) // 3 for number in _DIGITS.findall(text))
    return latin + digits + len(_COUNTED.sub("", text))


def _pieces(letters: int) -> float:
    if letters <= 6:
        return 1.05
    return 1.4 if letters <= 9 else letters / 5


def split(text: str, *, target: int = TARGET, most: int = MOST) -> list[str]:
    """``text`` in pieces of about ``target`` and at most ``most`` word pieces, cut between paragraphs, else sentences.

    A text that fits stays whole; the pieces lack only the white space between them.
    """
    if target > most or target < 1:
        raise ValueError("target must be at least 1 and at most most")
    return [chunk.text for chunk in pack((Block(text),), target=target, most=most)]


def pack(blocks: Iterable[Block], *, target: int = TARGET, most: int = MOST, least: int = LEAST) -> tuple[Chunk, ...]:
    """Blocks in reading order to chunks: per heading and group first, then tiny neighbours joined."""
    filled: list[list[_Piece]] = []
    present = [block for block in blocks if block.text.strip()]
    if _foreign(present):
        target, most = max(1, int(target * _FOREIGN)), max(1, int(most * _FOREIGN))
    for (_, _, whole), run in groupby(present, key=lambda block: (block.path, block.group, block.whole)):
        if whole:
            for block in run:
                filled.extend(_fill(_bound(_cut(block, most), most), target, most))
        else:
            pieces = [piece for block in run for piece in _cut(block, most)]
            filled.extend(_fill(_bound(pieces, most), target, most))
    return tuple(_chunk(order, pieces) for order, pieces in enumerate(_gather(filled, target, least)))


def _foreign(blocks: Sequence[Block]) -> bool:
    """Whether the beginning is in Latin letters and not in English: names, verse and code count as foreign too."""
    sample = ""
    for block in blocks:
        sample += block.text[:_SAMPLE] + "\n"
        if len(sample) > _SAMPLE:
            break
    return len(_ENGLISH.findall(sample)) < 0.08 * len(_LATIN.findall(sample))


def _cut(block: Block, most: int) -> list[_Piece]:
    """A block as pieces that fit; a last blank line sets it apart from the next block."""
    return [
        _Piece(text, weigh(text), block, block.tied)
        for text in _parts(block.text.strip() + "\n\n", most, _LEVELS)
        if text
    ]


def _parts(text: str, most: int, levels: Sequence[Level]) -> Iterator[str]:
    if weigh(text) <= most:
        yield text
        return
    level, rest = levels[0], levels[1:]
    if not rest:
        yield from _grouped(characters(text, max(1, min(32, most // 4))), most)
    elif level in _FINE:
        # Not every word on its own: a third of a chunk packs as well and costs far less.
        yield from (part for group in _grouped(level(text), most / 3) for part in _parts(group, most, rest))
    else:
        yield from (part for piece in level(text) for part in _parts(piece, most, rest))


def _grouped(pieces: Iterable[str], most: float) -> Iterator[str]:
    held: list[str] = []
    weight = 0.0
    for piece in pieces:
        more = weigh(piece)
        if held and weight + more > most:
            yield "".join(held)
            held, weight = [], 0.0
        held.append(piece)
        weight += more
    if held:
        yield "".join(held)


def _bound(pieces: list[_Piece], most: int) -> list[list[_Piece]]:
    """Units that are not parted: a heading with what follows it, as far as both fit."""
    units: list[list[_Piece]] = []
    for piece in pieces:
        if units and units[-1][-1].tied and _weight(units[-1]) + piece.weight <= most:
            units[-1].append(piece)
        else:
            units.append([piece])
    return units


def _fill(units: list[list[_Piece]], target: int, most: int) -> Iterator[list[_Piece]]:
    """Chunks of about equal weight, so that the last is not a crumb."""
    total = sum(_weight(unit) for unit in units)
    goal = total if total <= most else total / ceil(total / target)
    held: list[_Piece] = []
    weight = 0.0
    for unit in units:
        more = _weight(unit)
        if held and (weight + more > most or weight + more / 2 > goal):
            yield held
            held, weight = [], 0.0
        held = [*held, *unit] if held else list(unit)
        weight += more
    if held:
        yield held


def _gather(filled: list[list[_Piece]], target: int, least: int) -> list[list[_Piece]]:
    """Tiny chunks joined with the neighbour before them; a lone heading with whatever comes next."""
    gathered: list[list[_Piece]] = []
    for pieces in filled:
        if gathered and _joins(gathered[-1], pieces, target, least):
            gathered[-1] = _join(gathered[-1], pieces)
        else:
            gathered.append(pieces)
    return gathered


def _joins(before: list[_Piece], after: list[_Piece], target: int, least: int) -> bool:
    if before[0].block.whole or after[0].block.whole:
        return False
    one, two = _weight(before), _weight(after)
    if one + two > target:
        return False
    if all(piece.tied for piece in before):
        return True
    last, first = before[-1].block, after[0].block
    if (last.path, last.group) == (first.path, first.group):
        return min(one, two) < least
    # Two small sections under one heading; two entries that share none stay apart, for each has its own name.
    return last.path[:1] == first.path[:1] and max(one, two) < least


def _join(before: list[_Piece], after: list[_Piece]) -> list[_Piece]:
    """Both, under the path they share; a lone heading takes the path of what it heads."""
    ours, theirs = before[0].block.path, after[0].block.path
    if all(piece.tied for piece in before) and theirs[: len(ours)] == ours:
        shared = theirs
    else:
        shared = ours[: next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), len(ours))]
    first = replace(before[0], block=replace(before[0].block, path=shared))
    # The last piece keeps its own path: a further neighbour is compared with that.
    return [first, *before[1:], *after]


def _weight(pieces: list[_Piece]) -> float:
    return sum(piece.weight for piece in pieces)


def _chunk(order: int, pieces: list[_Piece]) -> Chunk:
    first = pieces[0].block
    speakers = dict.fromkeys(piece.block.speaker for piece in pieces if piece.block.speaker)
    date = next((piece.block.date for piece in pieces if piece.block.date), "")
    text = "".join(piece.text for piece in pieces).strip()
    return Chunk(order, text, first.path, first.page, ", ".join(speakers), date)
