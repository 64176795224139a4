"""Markdown: a text as lines of a terminal, in units that never change once they are complete.

A unit is one line of the source as a reader takes it: a paragraph's line (line breaks are kept: a
lyric or a dialogue lives by them), a heading, a list item's line, a line of code, a whole table.
Rules of Markdown by which later text would change earlier lines are off: setext headings,
reference links, HTML, tables whose head does not begin with a bar. Knows nothing of streams, screens or
colours' codes.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from wcwidth import iter_graphemes, wcswidth


def _barred(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, where a bar begins its head: any line might become the head of another one."""
    return state.src.startswith("|", state.bMarks[start] + state.tShift[start]) and table(state, start, end, silent)


_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_PARSER.disable(["lheading", "reference", "html_block", "html_inline", "code"])
_PARSER.block.ruler.at("table", _barred, {"alt": ["paragraph", "reference"]})

# What may still become markup when more text comes. [1] and [word] that no parenthesis follows stay text.
_UNDECIDED = re.compile(r"[*_`~<&\\]|!?\[(?![^\[\]\n]*\][^(])")
_HEAD = re.compile(r"^[ ]*\|", re.MULTILINE)  # a line that may become a table's head, and its paragraph end before it
# The start of a line after an empty one that begins a new item or none, whatever follows.
_BEGUN = re.compile(r"\s*(?:[^\s\d*+-]|\S+\s)")
_BULLET = "-+#0123456789.) "
_NO_LINE_START = frozenset("、。，．！？：；」』）】〉》”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)]}%")
_NO_LINE_END = frozenset("「『（【〈《“‘([{")

STYLES = {"strong": "bold", "em": "italic", "s": "strike", "code_inline": "cyan", "link": "underline"}


@dataclass(frozen=True, slots=True)
class Unit:
    """``first`` and ``rest`` go before the first and the following lines. ``gap``: an empty line
    before it. ``doubt``: where ``text`` begins that may still change, by what follows. ``rows`` is set
    for a table."""

    text: Text
    first: str = ""
    rest: str = ""
    gap: bool = False
    doubt: int = sys.maxsize
    rows: tuple[tuple[Text, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """``units`` of a text; the first ``before`` of them lie before the block that may still grow, which
    begins at character ``at``."""

    units: tuple[Unit, ...]
    before: int
    at: int


def parse(source: str) -> Parsed:
    """The units of ``source`` (clean text; it may end anywhere)."""
    lines = source.expandtabs(4).split("\n")
    blocks = SyntaxTreeNode(_PARSER.parse("\n".join(lines))).children
    units: list[Unit] = []
    starts: list[tuple[int, int]] = [(0, 0)]  # of each block: the units and the lines before it
    for block in blocks:
        starts.append((len(units), block.map[0] if block.map else 0))
        units.extend(_block(block, lines, "", ""))
    if len(blocks) > 1 and _may_join(blocks[-1], lines):
        starts.pop()
    before, begin = starts[-1]
    at = sum(len(row) + 1 for row in source.split("\n")[:begin])
    return Parsed(tuple(_settle(units, before)), before, at)


def _may_join(block: SyntaxTreeNode, lines: Sequence[str]) -> bool:
    """Whether the last block may yet belong to the one before it: its line has only begun, and what
    looks like a bullet, a fence or a rule may become words."""
    begin = block.map[0] if block.map else 0
    if begin < len(lines) - (2 if block.type == "table" else 1):
        return False
    return bool(lines[begin - 1].strip()) or not _BEGUN.match(lines[begin])


def _settle(units: list[Unit], growing: int) -> Iterator[Unit]:
    """Units before ``growing`` are settled, and none after the first that is in doubt."""
    doubt = False
    for index, unit in enumerate(units):
        if index < growing:
            yield replace(unit, doubt=sys.maxsize)
            continue
        yield replace(unit, doubt=0) if doubt else unit
        doubt = doubt or unit.doubt < sys.maxsize


def _block(node: SyntaxTreeNode, lines: Sequence[str], first: str, rest: str) -> Iterator[Unit]:
    gap = bool(node.map and node.map[0] > 0 and not lines[node.map[0] - 1].strip(" >"))
    match node.type:
        case "paragraph" | "heading":
            for index, (text, doubt) in enumerate(_paragraph(node, lines)):
                yield Unit(text, first if index == 0 else rest, rest, gap and index == 0, doubt)
        case "fence":
            rows = node.content.removesuffix("\n").split("\n")  # one at least, as every block has
            growing = bool(node.map and node.map[1] >= len(lines))  # the last line may yet be the closing fence
            for index, row in enumerate(rows):
                lead = first if index == 0 else rest
                doubt = 0 if growing and index == len(rows) - 1 else sys.maxsize
                yield Unit(Text(row, "cyan"), lead + "  ", rest + "  ", gap and index == 0, doubt)
        case "hr":
            yield Unit(Text("· · ·", "dim"), first, rest, gap)
        case "table":
            yield Unit(Text(""), first, rest, gap, 0, tuple(_rows(node)))
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
            yield tuple(_inline(cell.children[0], style)[0][0] if cell.children else Text() for cell in row.children)


def _paragraph(node: SyntaxTreeNode, lines: Sequence[str]) -> Iterator[tuple[Text, int]]:
    """One Text per line of the source, each with where it is in doubt."""
    texts, marked = _inline(node.children[0], "bold" if node.type == "heading" else "")
    plain = "\n".join(text.plain for text in texts)
    end = node.map[1] if node.map else 0
    found = _UNDECIDED.search(plain)
    doubt = found.start() if found else sys.maxsize
    if end >= len(lines):  # the last line has only begun
        if marked and not plain[marked[-1][1] :].strip(_BULLET):
            doubt = min(doubt, marked[-1][1])  # another asterisk, and its end is none
        elif plain.endswith("!"):
            doubt = min(doubt, len(plain) - 1)  # an image comes
    if end >= len(lines) - 1 and _HEAD.search(node.children[0].content):
        doubt = 0
    # What is in doubt, and lies in a mark or right behind it, may undo it: *one `two* three`
    doubt = next((start for start, end in marked if start < doubt <= end), doubt)
    for text in texts:
        yield text, doubt if doubt <= len(text) else sys.maxsize
        doubt -= len(text) + 1


def _inline(node: SyntaxTreeNode, style: str) -> tuple[list[Text], list[tuple[int, int]]]:
    """One Text per line of the source, and where something is marked up: the characters from and to,
    a line's end being one."""
    texts = [Text(style=style)]
    marks: list[str] = []
    marked: list[tuple[int, int]] = []
    at = start = 0
    token: Token
    for token in _tokens(node):
        if not marks:
            start = at
        if token.type in {"softbreak", "hardbreak"}:
            texts.append(Text(style=style))
            at += 1
        elif token.nesting == 1:
            marks.append(STYLES.get(token.tag if token.tag != "a" else "link", ""))
        elif token.nesting == -1:
            marks.pop()
        else:
            own = "italic" if token.type == "image" else STYLES.get(token.type, "")
            at -= len(texts[-1])
            texts[-1].append(token.content, " ".join(filter(None, [*marks, own])))
            at += len(texts[-1])
        if not marks and token.type not in {"text", "softbreak"}:
            marked.append((start, at))
    return texts, marked


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
