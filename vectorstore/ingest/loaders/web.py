"""HTML: what a reader of the page sees, under its headings. Also the chapters of an EPUB.

lxml's tree is walked by hand: LangChain's BSHTMLLoader returns scripts and styles as text and forgets
headings; BeautifulSoup builds a second tree above lxml's. Scripts never run, nothing is fetched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree, html  # type: ignore[import-untyped]

from vectorstore.errors import Refused
from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline
from vectorstore.ingest.encoding import decode

_UNSEEN_TAGS = "script style template noscript head iframe object embed svg math canvas audio video select datalist rp"
_BREAKING_TAGS = """
address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer
form h1 h2 h3 h4 h5 h6 header hgroup hr li main nav ol p pre section summary table tbody tfoot thead tr ul
"""
_UNSEEN = frozenset(_UNSEEN_TAGS.split())
_BREAKING = frozenset(_BREAKING_TAGS.split())
_CHARSET = re.compile(rb"""charset\s{0,4}=\s{0,4}["']?\s{0,4}([A-Za-z0-9_:.-]{1,40})""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(slots=True)
class _Page:
    """The walk's state: the text since the last break, and the blocks so far."""

    outline: Outline
    blocks: list[Block] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    pre: int = 0

    def say(self, text: str | None) -> None:
        if text:
            self.held.append(text if self.pre else re.sub(r"[^\S\u00a0]+", " ", text))

    def close(self, level: int = 0) -> None:
        """End the paragraph; with a level it was a heading."""
        text = clean("\n".join(part.strip(" ") for part in "".join(self.held).split("\n")))
        self.held.clear()
        if not text:
            return
        if level:
            self.outline.enter(level, text)
        self.blocks.append(Block(text, self.outline.path, tied=bool(level)))


def load(data: bytes, limits: Limits) -> Draft:
    declared = _CHARSET.search(data[:4096])
    text, remark = decode(data, declared.group(1).decode("ascii") if declared else "")
    tree = parse(text)
    blocks = tuple(visible(tree, Outline()))
    title = line(tree.findtext(".//title") or "")
    licence = next(
        (line(link.get("href") or "") for link in tree.iter("link", "a") if link.get("rel") == "license"), ""
    )
    return Draft(blocks, title=title, licence=licence, remarks=tuple(filter(None, (remark,))))


def parse(text: str) -> html.HtmlElement:
    """The page as a tree. Raises Refused when there is nothing in it."""
    try:
        # lxml will not take text that declares an encoding: it is decoded already
        return html.document_fromstring(_DECLARATION.sub("", text, count=1))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused("the page holds nothing") from error


def visible(tree: html.HtmlElement, outline: Outline) -> list[Block]:
    """Paragraphs, list items and table rows as blocks; headings open paths in ``outline``."""
    page = _Page(outline)
    for event, element in _walk(tree):
        tag = element.tag
        if event == "tail":
            page.say(element.tail)
        elif event == "start":
            _enter(page, element, tag)
        else:
            _leave(page, tag)
    page.close()
    return page.blocks


def _enter(page: _Page, element: html.HtmlElement, tag: str) -> None:
    if tag in _BREAKING:
        page.close()
    if tag == "pre":
        page.pre += 1
    if tag == "br":
        page.held.append("\n")
    elif tag in ("td", "th") and "".join(page.held).strip():
        page.held.append(" | ")
    elif tag == "img":
        page.say(element.get("alt"))
    page.say(element.text)


def _leave(page: _Page, tag: str) -> None:
    if tag in _BREAKING:
        page.close(int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0)
    if tag == "pre":
        page.pre -= 1


def _walk(tree: html.HtmlElement) -> Iterator[tuple[str, html.HtmlElement]]:
    """Start and end of every visible element and the text after it. No recursion: pages nest as deep as they like."""
    todo: list[tuple[str, html.HtmlElement]] = [("start", tree)]
    while todo:
        event, element = todo.pop()
        if event != "start":
            yield event, element
            continue
        todo.append(("tail", element))
        if not isinstance(element.tag, str) or _hidden(element):
            continue
        yield "start", element
        todo.append(("end", element))
        todo.extend(("start", child) for child in reversed(element))


def _hidden(element: html.HtmlElement) -> bool:
    return (
        element.tag in _UNSEEN or "hidden" in element.attrib or bool(_INVISIBLE.search(element.get("style", "")[:500]))
    )
