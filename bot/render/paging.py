"""Paging: a long text in parts that fit a platform's limit.

Parts end on paragraphs where they can, then on lines, sentences, words. A code fence that a border
cuts is closed in the one part and opened again in the next. Knows nothing of any platform.
"""

import re
import unicodedata
from dataclasses import dataclass

SMALLEST = 40
"""A part must have room for its fences and some text."""

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*$)|~{3,})(.*)$")
_BORDERS = (
    re.compile(r"\n[ \t]*\n+"),
    re.compile(r"\n"),
    re.compile(r"[.!?…。！？][\"'”’»)\]]*(?:\s+|(?<=[。！？]))"),
    re.compile(r"[ \t]+"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """``body`` is the slice of the text; ``text`` the same with its fences repaired, to be sent."""

    text: str
    body: str


def split(text: str, limit: int) -> list[Part]:
    """Parts of at most ``limit`` characters each; the bodies joined are ``text``. An empty text has
    no parts. ValueError below SMALLEST."""
    if limit < SMALLEST:
        raise ValueError(f"A part needs room for at least {SMALLEST} characters; raise the limit of {limit}.")
    parts: list[Part] = []
    start, opened = 0, ""
    while start < len(text):
        head = f"{opened}\n" if opened else ""
        end = _end(text, start, limit - len(head), opened)
        body = text[start:end]
        still = _open_after(opened, body)
        tail = _closing(still, body) if still else ""
        parts.append(Part(head + body + tail, body))
        start, opened = end, still
    return parts


def _end(text: str, start: int, room: int, opened: str) -> int:
    """Where the part that begins at ``start`` ends, with room left to close a fence."""
    if len(text) - start <= room and not _open_after(opened, text[start:]):
        return len(text)
    room -= 12  # newline and the longest closing we write
    if len(text) - start <= room:
        return len(text)
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, start, start + room)]
        for end in reversed(ends):
            if end - start >= room // 4 and _may_cut(text, end):
                return end
    return _hard(text, start, start + room)


def _hard(text: str, start: int, end: int) -> int:
    """A border in mid-word, not inside a character, nor where the rest would look like a fence."""
    for cut in range(end, start + (end - start) // 2, -1):
        if not _inside_character(text, cut) and _may_cut(text, cut):
            return cut
    return end


def _may_cut(text: str, cut: int) -> bool:
    """Not inside a fence's own line, and not where cutting would make a fence of what was none."""
    begins = text.rfind("\n", 0, cut) + 1
    if begins == cut:
        return True
    ends = text.find("\n", cut)
    whole = text[begins : ends if ends >= 0 else len(text)]
    if _FENCE.match(whole):
        return False
    rest = text[cut : begins + len(whole)]
    return not (_FENCE.match(rest) or _FENCE.match(text[begins:cut]))


def _inside_character(text: str, cut: int) -> bool:
    if cut >= len(text):
        return False
    following = text[cut]
    return (
        unicodedata.combining(following) > 0
        or unicodedata.category(following) in {"Mn", "Me"}
        or following in "\u200d\u200c"
        or text[cut - 1] == "\u200d"
        or "\U0001f3fb" <= following <= "\U0001f3ff"
    )


def _open_after(opened: str, body: str) -> str:
    """The fence that is open after ``body``: its opening line, shortened, or ""."""
    for row in body.split("\n"):
        found = _FENCE.match(row)
        if not found:
            continue
        mark, info = found[1], found[2].strip()
        if not opened:
            opened = mark[:8] + info.split(" ")[0][:16] if len(mark) <= 8 else mark[:8]
        elif mark[0] == opened[0] and len(mark) >= len(_mark(opened)) and not info:
            opened = ""
    return opened


def _mark(opened: str) -> str:
    return opened[: len(opened) - len(opened.lstrip(opened[0]))]


def _closing(opened: str, body: str) -> str:
    return ("" if body.endswith("\n") else "\n") + _mark(opened)
