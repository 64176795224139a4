"""Statements: what a passage says, sentence by sentence, and whom or what each sentence is about.

Headings, speakers' cues and list markers are read and not quoted: they tell what stands under them.
Knows nothing of questions, prompts or where the text came from.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chains.words import LOWER, UPPER, spans

_BOLD = re.compile(r"^\s*\*\*([^*]+)\*\*\s*$")
_HEADING = re.compile(r"^\s*#{1,6}\s+(.+)$")
_SLUG = re.compile(r"^\s*(?:INT|EXT|EST|I/E)[./ ]")
_CUE = re.compile(rf"^\s*+@?(?=[^{LOWER}]*[{UPPER}]{{2}})[^{LOWER}:!?]{{2,40}}(?:\([^)]*\))?\s*$")
_ASIDE = re.compile(r"^\s*\([^)]*\)\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_ENDED = re.compile(r"[.!?…。！？:;,][\"'”’»)\]]*\s*$")
_TITLE_WORDS = 8
_READ = 1024  # texts that are remembered as they were read: the next question asks the same


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence as it stands in the text. ``about`` is the heading over it or who speaks it
    (``spoken``), "" where neither is known; sentences of one ``block`` stand in one paragraph, item or
    speech."""

    text: str
    about: str = ""
    spoken: bool = False
    block: int = 0


@lru_cache(maxsize=_READ)
def statements(text: str) -> tuple[Statement, ...]:
    """The sentences of ``text`` in order."""
    return tuple(_statements(text.split("\n")))


def _statements(lines: Sequence[str]) -> Iterator[Statement]:
    lines = [_BOLD.sub(r"\1", line) for line in lines]  # a cue or a scene's heading as pages have it
    about, speaker, block = "", "", 0
    for at, line in enumerate(lines):
        before = lines[at - 1] if at else ""
        after = lines[at + 1] if at + 1 < len(lines) else ""
        if not line.strip() or _RULE.match(line) or (_ASIDE.match(line) and speaker):
            block, speaker = block + 1, "" if not line.strip() else speaker
        elif heading := _heading(line, before, after):
            about, speaker, block = heading, "", block + 1
        elif _SLUG.match(line):
            about, speaker, block = "", "", block + 1
        elif _CUE.match(line) and after.strip() and not before.strip():
            speaker, block = line.split("(")[0].strip().lstrip("@"), block + 1
        else:
            block += bool(_ITEM.match(line))
            said = _ITEM.sub("", line)
            for start, end in spans(said):
                yield Statement(said[start:end], speaker or about, bool(speaker), block)


def _heading(line: str, before: str, after: str) -> str:
    """What a heading says: marked as one, or a short line that stands alone and ends in no stop."""
    if found := _HEADING.match(line):
        title: str = found.group(1)
        return title.rstrip().rstrip("#").rstrip() or title[0]
    alone = not before.strip() and not after.strip() and after is not None
    short = len(line.split()) <= _TITLE_WORDS and not _ENDED.search(line) and not _ITEM.match(line)
    return line.strip() if alone and short and not line.isupper() else ""
