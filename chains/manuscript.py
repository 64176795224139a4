"""Manuscript: a conversation's pages as a clean text to hand on, in Markdown or Fountain.

Knows nothing of storage, models or platforms.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from chains.grounding import unmarked
from memory import Turn

_BOLD_LINE = re.compile(r"\*\*(?P<text>[^*\n]+)\*\*")
_HEADING = re.compile(r"(?:INT|EXT|EST|I/E|INT\./EXT)[. ]", re.IGNORECASE)
_MARKDOWN_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<text>.+)")


def pages(turns: Iterable[Turn], formats: Sequence[str] = ()) -> list[Turn]:
    """The turns that belong in a manuscript: what was written in a format; where the thread is only
    talk, the talk. ``formats`` narrows it."""
    written = [turn for turn in turns if turn.take and turn.take.text.strip()]
    made = [turn for turn in written if turn.format != "chat"] or written
    return [turn for turn in made if not formats or turn.format in formats]


def markdown(title: str, turns: Iterable[Turn]) -> str:
    """The pages one after another under ``title``, citation markers removed."""
    parts = [f"# {title}", *(unmarked(turn.take.text).strip() for turn in pages(turns) if turn.take)]
    return "\n\n---\n\n".join(parts).replace("\n\n---\n\n", "\n\n", 1) + "\n"


def fountain(title: str, turns: Iterable[Turn], scripts: Sequence[str]) -> str:
    """The pages as a Fountain screenplay. Pages in one of the formats ``scripts`` are scenes; any other
    becomes a section with its text as action."""
    parts = [f"Title: {title}"]
    for turn in pages(turns):
        if turn.take is None:
            continue
        text = unmarked(turn.take.text).strip()
        lines = _scene(text) if turn.format in scripts else _section(turn, text)
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _scene(text: str) -> Iterator[str]:
    """Script lines as our formats write them: headings and cues bold, the rest as it stands."""
    speech = False
    for line in text.splitlines():
        stripped = line.strip()
        if bold := _BOLD_LINE.fullmatch(stripped):
            words = bold["text"].strip()
            speech = not _HEADING.match(words)
            yield ("" if speech or words.isupper() else ".") + _cue(words) if speech else words.upper()
        elif heading := _MARKDOWN_HEADING.fullmatch(stripped):
            speech = False
            yield f"{heading['level']} {heading['text']}"
        else:
            speech = speech and bool(stripped)
            yield stripped if speech else _action(stripped)


def _cue(name: str) -> str:
    """A character's name; Fountain wants it in capitals, or told so."""
    return name if name == name.upper() and any(letter.isalpha() for letter in name) else f"@{name}"


def _action(line: str) -> str:
    """A line of action that Fountain could take for a cue or a heading is marked as what it is."""
    looks_else = bool(line) and line == line.upper() and any(letter.isalpha() for letter in line)
    return f"!{line}" if looks_else and not _HEADING.match(line) else line


def _section(turn: Turn, text: str) -> Iterator[str]:
    yield f"# {' '.join(turn.text.split())[:80]}"
    yield ""
    for line in text.splitlines():
        heading = _MARKDOWN_HEADING.fullmatch(line.strip())
        yield f"## {heading['text']}" if heading else _action(line.strip().replace("**", ""))
