"""Fountain screenplays: scenes by heading, each cue kept with what is said under it.

Written here: the libraries there are render whole scripts and are not kept up. The rules are those of
fountain.io/syntax.
"""

import re
from collections.abc import Iterator

from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline
from vectorstore.ingest.encoding import decode

_SCENE = re.compile(r"(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ]", re.IGNORECASE)
_NUMBER = re.compile(r"\s*#[\w.-]{1,12}#$")
_KEY = re.compile(r"([A-Za-z][A-Za-z ]{0,40}):\s*(.*)")
_CUE = re.compile(r"(?=[^a-z]*[^\W\d_])[^a-z]{1,60}?(?:\s*\([^()]{0,60}\))*\s*\^?")
_EXTENSION = re.compile(r"\s*\([^()]{0,60}\)|\s*\^$")
_BREAK = re.compile(r"={3,}")
_SCENE_LEVEL = 7  # below any section a writer opens with "#"


def load(data: bytes, limits: Limits) -> Draft:
    text, remark = decode(data)
    text, cut = _without_boneyard(clean(text))
    meta, script = title_page(text)
    remarks = tuple(filter(None, (remark, "what is struck out (/* */) was left out" if cut else "")))
    blocks = tuple(script_blocks(script))
    return Draft(blocks, title=line(meta.get("title", "")), licence=_licence(meta), meta=meta, remarks=remarks)


def title_page(text: str) -> tuple[dict[str, str], str]:
    """Keys in small letters, and the script below. Indented lines continue a key."""
    head, _, script = text.partition("\n\n")
    lines = head.split("\n")
    first = _KEY.fullmatch(lines[0])
    if first is None or _SCENE.match(lines[0]) or first.group(1).upper() == first.group(1):
        return {}, text
    meta: dict[str, list[str]] = {}
    values: list[str] = []
    for each in lines:
        match = _KEY.fullmatch(each)
        if match and not each[0].isspace():
            values = meta.setdefault(match.group(1).strip().lower(), [])
            values.append(match.group(2).strip())
        else:
            values.append(each.strip())
    return {key: " ".join(filter(None, found)).replace("_", "").replace("*", "") for key, found in meta.items()}, script


def script_blocks(script: str) -> Iterator[Block]:
    """Scenes and sections as headings; a speech (cue, parentheticals, lines) as one block with its speaker."""
    outline = Outline()
    for number, element in enumerate(_elements(script)):
        first = element.split("\n")[0]
        level = _level(first, alone="\n" not in element)
        if _BREAK.fullmatch(element.strip()):
            continue
        if level:
            outline.enter(level, _NUMBER.sub("", first.lstrip("#.").strip()))
            yield Block(element, outline.path, tied=True)
        elif speaker := _speaker(element):
            yield Block(element, outline.path, speaker=speaker)
        else:
            yield Block(element, outline.path, tied=number == 0 and first.startswith("="))


def _elements(script: str) -> Iterator[str]:
    """Paragraphs; a heading's line stands alone even where the blank line was forgotten."""
    for paragraph in script.split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if rest and _level(first, alone=False):
            yield first
            paragraph = rest
        if paragraph.strip():
            yield paragraph


def _level(first: str, *, alone: bool) -> int:
    """0 for no heading; a section's depth (at most 6); scenes below all sections."""
    if first.startswith("#"):
        return min(6, len(first) - len(first.lstrip("#")))
    forced = first.startswith(".") and first[1:2].isalnum()
    return _SCENE_LEVEL if forced or _SCENE.match(first) else 0


def _speaker(element: str) -> str:
    first, _, rest = element.partition("\n")
    if not rest.strip() or first.startswith(("!", ">", "~", "=", "[[")):
        return ""
    forced = first.startswith("@")
    if not forced and not (len(first) < 100 and _CUE.fullmatch(first.strip())):
        return ""
    return line(_EXTENSION.sub("", first.strip().lstrip("@")), 80)


def _without_boneyard(text: str) -> tuple[str, bool]:
    parts = text.split("/*")
    kept = [parts[0]]
    for part in parts[1:]:
        _, end, after = part.partition("*/")
        kept.append(after if end else "/*" + part)
    joined = "".join(kept)
    return joined, joined != text


def _licence(meta: dict[str, str]) -> str:
    return line(meta.get("license") or meta.get("licence") or meta.get("copyright") or "")
