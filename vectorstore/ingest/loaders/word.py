"""Word documents (DOCX): headings, paragraphs and tables in reading order, by python-docx.

LangChain's Docx2txtLoader loses headings. Paragraphs are counted before it is opened: a 59 KB file of a million empty
ones hangs python-docx for minutes.
"""

import re
from collections.abc import Iterator
from io import BytesIO

from docx import Document as open_docx
from docx.document import Document as Docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree  # type: ignore[import-untyped]

from vectorstore.errors import Refused
from vectorstore.ingest.archive import Archive
from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline

_BROKEN = "the Word document is broken or cut short; save or download it again"
_LEVEL = re.compile(r"(?:heading|überschrift|titre|título|标题|標題|見出し)\s*(\d)", re.IGNORECASE)
_ENTITY = re.compile(b"<\x00?!\x00?(?:E\x00?N\x00?T\x00?I\x00?T\x00?Y|D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E)")
_MAIN = "word/document.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_COMMENTS = "word/comments.xml"


def load(data: bytes, limits: Limits) -> Draft:
    archive = Archive(data, limits)
    if _MAIN not in archive:
        raise Refused("it is not a Word document, whatever its name says")
    _inspect(archive, limits)
    try:
        docx = open_docx(BytesIO(data))
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, etree.XMLSyntaxError) as error:
        raise Refused(_BROKEN) from error
    blocks = tuple(_blocks(docx))
    remarks = ("its comments were not read",) if _COMMENTS in archive else ()
    return Draft((*blocks, *_notes(archive)), title=line(docx.core_properties.title or ""), remarks=remarks)


def _inspect(archive: Archive, limits: Limits) -> None:
    for name in archive.names:
        if not name.endswith((".xml", ".rels")):
            continue
        part = archive.read(name)
        if _ENTITY.search(part):
            raise Refused("it declares XML entities, which no Word document needs and bombs are made of")
        count = part.count(b"<w:p>") + part.count(b"<w:p ") + part.count(b"<w:p/>") if name == _MAIN else 0
        if count > limits.paragraphs:
            raise Refused(f"it has {count:,} paragraphs, more than the {limits.paragraphs:,} allowed")


def _blocks(docx: Docx) -> Iterator[Block]:
    outline = Outline()
    levels: dict[str, int] = {}
    for item in docx.iter_inner_content():
        if isinstance(item, Table):
            text = clean(_table(item))
            if text:
                yield Block(text, outline.path)
            continue
        text = clean(item.text)
        if not text:
            continue
        level = _level(item, levels)
        if level:
            outline.enter(level, text)
        yield Block(text, outline.path, tied=bool(level))


def _level(paragraph: Paragraph, known: dict[str, int]) -> int:
    """1 to 9 for a heading, 0 otherwise. Looked up once a style: python-docx searches the whole sheet each time."""
    properties = paragraph._p.pPr
    style = properties.pStyle.val if properties is not None and properties.pStyle is not None else ""
    if style not in known:
        name = (paragraph.style.name or "") if style and paragraph.style is not None else ""
        match = _LEVEL.match(name)
        known[style] = int(match.group(1)) if match else int(name == "Title")
    return known[style]


def _table(table: Table) -> str:
    """A row a line, cells parted by bars. Read from the XML: python-docx builds the whole grid for every row."""
    rows = []
    for row in table._tbl.iterchildren(qn("w:tr")):
        cells = [" ".join(_runs(cell).split()) for cell in row.iter(qn("w:tc"))]
        if any(cells):
            rows.append(" | ".join(cells))
    return "\n".join(rows)


def _runs(cell: etree._Element) -> str:
    """A cell's text without that of tables within it: their cells come on their own."""
    inner = {run for nested in cell.iter(qn("w:tbl")) for run in nested.iter(qn("w:t"))}
    paragraphs = (
        "".join(run.text or "" for run in p.iter(qn("w:t")) if run not in inner) for p in cell.iter(qn("w:p"))
    )
    return " ".join(paragraphs)


def _notes(archive: Archive) -> Iterator[Block]:
    """Foot- and endnotes, which python-docx does not read, after the text."""
    for name in _NOTES:
        if name not in archive:
            continue
        try:
            tree = etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            continue
        for note in tree:
            text = clean("".join(run.text or "" for run in note.iter(qn("w:t"))))
            if text:
                yield Block(text, ("Notes",))
