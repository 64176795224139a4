"""Markdown: a text as lines of a terminal, in units that never change once they are complete.

A unit is one line of the source as a reader takes it: a paragraph's line (line breaks are kept: a
lyric or a dialogue lives by them), a heading, a list item's line, a line of code, a whole table.
Rules of Markdown by which later text would change earlier lines are off: setext headings,
reference links, HTML. Knows nothing of streams, screens or colours' codes.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from wcwidth import iter_graphemes, wcswidth

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_PARSER.disable(["lheading", "reference", "html_block", "html_inline", "code"])

# What may still become markup when more text comes. [1] and [word] that no parenthesis follows stay text.
_UNDECIDED = re.compile(r"[*_`~<&\\|]|\[(?![^\[\]\n]*\][^(])")
_NO_LINE_START = frozenset("、。，．！？：；」』）】〉》”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)]}%")
_NO_LINE_END = frozenset("「『（【〈《“‘([{")

STYLES = {"strong": "bold", "em": "italic", "s": "strike", "code_inline": "cyan", "link": "underline"}


@dataclass(frozen=True, slots=True)
class Unit:
    """``first`` and ``rest`` go before the first and the following lines. ``gap``: an empty line
    before it. ``settled``: so many characters of ``text`` cannot change any more, whatever follows;
    -1: all of it may. ``literal``: code, where nothing is markup. ``rows`` is set for a table."""

    text: Text
    first: str = ""
    rest: str = ""
    gap: bool = False
    settled: int = -1
    literal: bool = False
    rows: tuple[tuple[Text, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """``units`` of a text; the first ``before`` of them lie before its last block, which begins at
    character ``at``."""

    units: tuple[Unit, ...]
    before: int
    at: int


def parse(source: str) -> Parsed:
    """The units of ``source`` (clean text; it may end anywhere)."""
    lines = source.expandtabs(4).split("\n")
    root = SyntaxTreeNode(_PARSER.parse("\n".join(lines)))
    units: list[Unit] = []
    before, begin = 0, 0
    for block in root.children:
        before = len(units)
        begin = block.map[0] if block.map else 0
        units.extend(_block(block, lines, "", ""))
    at = sum(len(row) + 1 for row in source.split("\n")[:begin])
    return Parsed(tuple(_settle(units, before)), before, at)


def _settle(units: list[Unit], last_block: int) -> Iterator[Unit]:
    """Text before the last block is settled; in it, up to the first character that may still be
    markup, and never the last unit's end (which may still grow)."""
    doubt = False
    for index, unit in enumerate(units):
        if index < last_block:
            yield replace(unit, settled=sys.maxsize)
            continue
        found = None if unit.literal else _UNDECIDED.search(unit.text.plain)
        doubt = doubt or bool(unit.rows)
        settled = -1 if doubt else found.start() if found else len(unit.text)
        doubt = doubt or found is not None
        yield replace(unit, settled=settled)


def _block(node: SyntaxTreeNode, lines: Sequence[str], first: str, rest: str) -> Iterator[Unit]:
    gap = bool(node.map and node.map[0] > 0 and not lines[node.map[0] - 1].strip(" >"))
    match node.type:
        case "paragraph" | "heading":
            style = "bold" if node.type == "heading" else ""
            for index, text in enumerate(_inline(node.children[0], style)):
                yield Unit(text, first if index == 0 else rest, rest, gap and index == 0)
        case "fence":
            rows = node.content.split("\n")
            for index, row in enumerate(rows[:-1] if rows[-1] == "" else rows):
                lead = first if index == 0 else rest
                yield Unit(Text(row, "cyan"), lead + "  ", rest + "  ", gap and index == 0, literal=True)
        case "hr":
            yield Unit(Text("· · ·", "dim"), first, rest, gap)
        case "table":
            yield Unit(Text(""), first, rest, gap, rows=tuple(_rows(node)))
        case "blockquote":
            yield from _nested(node.children, lines, first + "│ ", rest + "│ ", gap)
        case "bullet_list" | "ordered_list":
            start = int(node.attrs.get("start", 1))
            for number, item in enumerate(node.children, start):
                mark = "• " if node.type == "bullet_list" else f"{number}. "
                apart = bool(item.map and item.map[0] > 0 and not lines[item.map[0] - 1].strip(" >"))
                lead = first if item is node.children[0] else rest
                yield from _nested(item.children, lines, lead + mark, rest + " " * len(mark), apart)
        case _:
            yield Unit(Text(node.content), first, rest, gap)


def _nested(nodes: Sequence[SyntaxTreeNode], lines: Sequence[str], first: str, rest: str, gap: bool) -> Iterator[Unit]:
    if not nodes:
        yield Unit(Text(""), first, rest, gap)
    for index, node in enumerate(nodes):
        for place, unit in enumerate(_block(node, lines, first if index == 0 else rest, rest)):
            yield replace(unit, gap=gap) if index == place == 0 else unit


def _rows(table: SyntaxTreeNode) -> Iterator[tuple[Text, ...]]:
    for part in table.children:
        style = "bold" if part.type == "thead" else ""
        for row in part.children:
            yield tuple(_inline(cell.children[0], style)[0] if cell.children else Text() for cell in row.children)


def _inline(node: SyntaxTreeNode, style: str) -> list[Text]:
    """One Text per line of the source."""
    texts = [Text(style=style)]
    marks: list[str] = []
    token: Token
    for token in _tokens(node):
        if token.type in {"softbreak", "hardbreak"}:
            texts.append(Text(style=style))
        elif token.nesting == 1:
            marks.append(STYLES.get(token.tag if token.tag != "a" else "link", ""))
        elif token.nesting == -1:
            marks.pop()
        elif token.type == "image":
            texts[-1].append(token.content, "italic")
        else:
            own = STYLES.get(token.type, "")
            texts[-1].append(token.content, " ".join(filter(None, [*marks, own])))
    return texts


def _tokens(node: SyntaxTreeNode) -> Sequence[Token]:
    return (node.token.children if node.token else None) or ()


def breaks(plain: str, width: int) -> list[int]:
    """Where lines of at most ``width`` cells begin, in characters, without the first. Breaks after
    spaces and hyphens and between wide characters; a word longer than the line is cut."""
    width = max(width, 2)
    starts: list[int] = []
    at = used = 0
    fit, fit_used = -1, 0  # the last good place to break, and the cells before it
    previous = ""
    for cell in iter_graphemes(plain):
        size = max(wcswidth(cell), 0)
        if previous and _may_break(previous, cell):
            fit, fit_used = at, used
        if used + size > width and not cell.isspace():
            cut, before = (fit, fit_used) if fit > (starts[-1] if starts else 0) else (at, used)
            starts.append(cut)
            used -= before
            fit = -1
        used += size
        at += len(cell)
        previous = cell
    return starts


def _may_break(previous: str, cell: str) -> bool:
    if cell.isspace():
        return False
    if previous.isspace():
        return True
    if cell[0] in _NO_LINE_START or previous[-1] in _NO_LINE_END:
        return False
    return previous in "-–—/" or wcswidth(previous) == 2 or wcswidth(cell) == 2


def wrap(unit: Unit, width: int, since: int = 0) -> list[tuple[Text, int]]:
    """A unit's lines from character ``since`` of its text on, each with the character after it.
    A table has lines for characters."""
    if unit.rows:
        table = list(_table(unit.rows, width - wcswidth(unit.rest)))
        return [(Text.assemble((unit.rest, "dim"), row), n) for n, row in enumerate(table, 1)][since:]
    room = max(width - max(wcswidth(unit.rest), wcswidth(unit.first)), 8)
    text = unit.text[since:] if since else unit.text
    starts = breaks(text.plain, room)
    lines = text.divide(starts) if starts else [text]
    ends = [since + start for start in starts] + [len(unit.text)]
    wrapped = []
    for index, (row, end) in enumerate(zip(lines, ends, strict=True)):
        row.rstrip()
        prefix = unit.first if index == 0 and since == 0 else unit.rest
        wrapped.append((Text.assemble((prefix, "dim" if prefix.strip() else ""), row), end))
    return wrapped


def wrap_text(text: Text, width: int, hang: str = "  ") -> list[Text]:
    """A styled line that is no markup, in lines of ``width``."""
    return [row for row, _ in wrap(Unit(text, "", hang), width)]


def _table(rows: Sequence[Sequence[Text]], width: int) -> Iterator[Text]:
    head, *body = rows
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in head:
        table.add_column(name)
    for row in body:
        table.add_row(*row)
    console = Console(width=max(width, 8), file=StringIO(), color_system="truecolor", legacy_windows=False)
    for segments in console.render_lines(table, pad=False):
        yield Text.assemble(*((segment.text, segment.style or "") for segment in segments))
