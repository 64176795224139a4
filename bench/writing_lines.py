"""Held-out lines: what the example's scenes and host script say that depends on its canon.

A line depends on canon where it shares three words that mean something, names among them, with one entry. What a
person would type before it is the three lines above it. Knows nothing of models or of search.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.room import example
from chains.names import Named
from chains.words import content, words

ABOVE = 3
LEAST = 5  # words of a line
SHARED = 3  # words that mean something
BLOCK = 10  # lines of one file that are taken for one group
_NO_LINE = re.compile(r"^(?:[#=>|]|(?:INT|EXT)\.|\(.*\)$|---|\w+: |[^a-z]+$)")
_MARKS = re.compile(r"[*_`]+|^- ")
_KINDS = {".fountain": ("dialogue", "scene"), ".md": ("host", "host script")}


@dataclass(frozen=True, slots=True)
class Line:
    """A line, the message that asks for it, the format it is of, and the stretch of a file it stands in."""

    text: str
    asks: str
    form: str
    group: str


def held_out(entries: Sequence[Named]) -> list[Line]:
    """All of them, in order."""
    folder = example()
    files = sorted([*(folder / "scenes").glob("*.fountain"), *(folder / "host").glob("*.md")])
    return [line for path in files for line in of_file(path, entries)]


def of_file(path: Path, entries: Sequence[Named]) -> Iterator[Line]:
    form, called = _KINDS[path.suffix]
    every = read(path.read_text(encoding="utf-8"))
    for at, text in enumerate(every):
        if at >= ABOVE and depends(text, entries):
            asks = "\n".join((f"Write the next line of this {called}:", *every[at - ABOVE : at]))
            yield Line(text, asks, form, f"{path.stem} {at // BLOCK}")


def read(text: str) -> list[str]:
    """What is said or seen, a paragraph or list item each; no headings, names of speakers, tables or front matter."""
    out, open_ = list[str](), False
    for line in text.splitlines():
        bare = line.strip()
        if not bare or _NO_LINE.match(bare):
            open_ = False
        elif open_ and not bare.startswith("- "):
            out[-1] += f" {_MARKS.sub('', bare)}"
        else:
            out.append(_MARKS.sub("", bare))
            open_ = True
    return out


def depends(line: str, entries: Sequence[Named]) -> bool:
    own = set(content(line))
    return len(words(line)) >= LEAST and any(len(own & set(content(entry.text))) >= SHARED for entry in entries)
