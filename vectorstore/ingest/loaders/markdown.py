"""Markdown: front-matter as meta, headings as the path. Bible files are these.

markdown-it finds the headings (fences, setext and quotes are its business). LangChain's MarkdownHeaderTextSplitter
knows no setext headings and drops blank lines, so a body could not be given back as it was written.
"""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import pairwise

import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt

from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline
from vectorstore.ingest.encoding import decode
from vectorstore.ingest.sentences import paragraphs

_FRONT = 64 * 1024  # characters; YAML is slow and no bible entry needs more
_VALUES = 2_000
_DEEP = 8
_BROKEN = "its front-matter could not be read ({}) and was kept as text"
# Headings need blocks only; without inline parsing a book takes a tenth of the time.
_BLOCKS = MarkdownIt("commonmark").disable(["inline", "text_join"], ignoreInvalid=True)


class _Bloated(Exception):
    """Front-matter that grows when its aliases are followed."""


def load(data: bytes, limits: Limits) -> Draft:
    text, remark = decode(data)
    text = clean(text)
    meta, body, broken = front_matter(text)
    blocks = tuple(sections(body))
    title = line(str(meta.get("title") or meta.get("name") or "")) or _title(blocks)
    licence = line(str(meta.get("license") or meta.get("licence") or ""))
    remarks = tuple(filter(None, (remark, broken)))
    return Draft(blocks, title=title, licence=licence, meta=meta, body=body, remarks=remarks)


def front_matter(text: str) -> tuple[dict[str, object], str, str]:
    """Meta, body and a remark. Broken front-matter gives no meta and the whole text."""
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text, ""
    try:
        front, body = handler.split(text)
    except ValueError:  # a rule at the top, not front-matter
        return {}, text, ""
    if len(front) > _FRONT:
        return {}, text, _BROKEN.format("it is too long")
    try:
        loaded = handler.load(front)  # frontmatter's default is YAML's SafeLoader: no objects are made
        if loaded is None:
            return {}, body.strip("\n"), ""
        if not isinstance(loaded, Mapping):
            return {}, text, ""
        meta = _plain(loaded, [_VALUES], 0)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 2}" if mark else "not valid YAML"
        return {}, text, _BROKEN.format(where)
    except (ValueError, TypeError, RecursionError, _Bloated):
        return {}, text, _BROKEN.format("values out of bounds")
    assert isinstance(meta, dict)
    return meta, body.strip("\n"), ""


def _plain(value: object, left: list[int], depth: int) -> object:
    """JSON-like values only, as many as anybody types: an alias bomb is small until it is copied."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEEP:
        raise _Bloated
    if isinstance(value, Mapping):
        return {str(key): _plain(item, left, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, left, depth + 1) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def sections(body: str) -> list[Block]:
    """A heading and the text under it, for every heading."""
    lines = body.split("\n")
    outline = Outline()
    blocks: list[Block] = []
    start = 0
    for first, last, level, heading in _headings(body):
        _close(blocks, lines[start:first], outline.path)
        path = outline.enter(level, heading)
        blocks.append(Block("\n".join(lines[first:last]), path, tied=True))
        start = last
    _close(blocks, lines[start:], outline.path)
    return blocks


def _close(blocks: list[Block], lines: list[str], path: tuple[str, ...]) -> None:
    text = "\n".join(lines)
    blocks.extend(Block(paragraph, path) for paragraph in paragraphs(text) if paragraph.strip())


def _headings(body: str) -> list[tuple[int, int, int, str]]:
    """First line, line after the last, level and text of each heading outside quotes and lists."""
    tokens = _BLOCKS.parse(body)
    found = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            found.append((token.map[0], token.map[1], int(token.tag[1:]), inline.content.strip("# ") or "untitled"))
    return found


def _title(blocks: tuple[Block, ...]) -> str:
    """The first heading, if all else stands under it or nothing does: one of several chapters is no book's title."""
    first, *rest = [block for block in blocks if block.path] or [Block("")]
    lone = bool(rest) and rest[0].tied and len(rest[0].path) == 1
    return first.path[0] if first.path and (lone or all(block.path[0] == first.path[0] for block in rest)) else ""
