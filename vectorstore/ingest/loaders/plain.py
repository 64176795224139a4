"""Plain text: paragraphs, and the chapters of a book where it has them, Project Gutenberg's among them.

LangChain's TextLoader only opens the file; it is not needed for that.
"""

import re
from itertools import pairwise

from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline
from vectorstore.ingest.encoding import decode
from vectorstore.ingest.sentences import paragraphs

_NUMBER = (
    r"(?:\d{1,4}|[IVXLCDM]{1,9}|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|\w{3,9}(?:teen|ty)(?:[- ]\w{3,5})?|eleven|twelve|the \w{3,12})"
)
_CHINESE = r"第[一二三四五六七八九十百千零〇\d]{1,6}"
_PART = rf"(?:volume|book|part|act|teil|buch|tome|partie|parte)\s+{_NUMBER}\b.{{0,80}}|{_CHINESE}[卷部篇].{{0,40}}"
_CHAPTER = (
    rf"(?:chapter|scene|stave|canto|letter|chapitre|kapitel|cap[ií]tulo)\s+{_NUMBER}\b.{{0,80}}"
    r"|(?:prologue|epilogue|preface|introduction|foreword|afterword|interlude)[.:]?|[IVXLC]{1,8}\.?"
    rf"|{_CHINESE}[章回节節話话].{{0,40}}|序章|序幕|尾声|终章|終章|楔子"
)
_HEADING = re.compile(f"(?P<part>{_PART})|(?P<chapter>{_CHAPTER})", re.IGNORECASE)
_START = re.compile(r"^\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG EBOOK.{0,300}$", re.MULTILINE)
_END = re.compile(r"^\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG EBOOK.{0,300}$", re.MULTILINE)
_TITLE = re.compile(r"^Title: (.{1,200})$", re.MULTILINE)
_HEAD = 20_000  # characters in which a book's own heading is looked for


def load(data: bytes, limits: Limits) -> Draft:
    text, remark = decode(data)
    draft = read(clean(text))
    return Draft(
        draft.blocks, draft.title, draft.licence, body=draft.body, remarks=(*filter(None, (remark,)), *draft.remarks)
    )


def read(text: str) -> Draft:
    """Clean text as chapters and paragraphs."""
    start, end = _START.search(text, 0, _HEAD), None
    if start is None:
        return Draft(tuple(chapters(text)), body=text)
    end = _END.search(text, start.end())
    title = _TITLE.search(text, 0, start.start())
    body = text[start.end() : end.start() if end else len(text)].strip("\n")
    return Draft(
        tuple(chapters(body)),
        title=line(title.group(1)) if title else "",
        licence="public domain in the USA (Project Gutenberg)",
        body=body,
        remarks=("Project Gutenberg's own notice was left out",),
    )


def chapters(text: str) -> list[Block]:
    """Paragraphs under the chapter they stand in. A heading is a short paragraph that names a part or a chapter."""
    outline = Outline()
    blocks: list[Block] = []
    for paragraph in paragraphs(text):
        heading = _heading(paragraph.strip())
        if heading:
            outline.enter(*heading)
        if paragraph.strip():
            blocks.append(Block(paragraph, outline.path, tied=bool(heading)))
    return blocks


def _heading(paragraph: str) -> tuple[int, str] | None:
    if len(paragraph) > 120 or paragraph.count("\n") > 1:
        return None
    match = _HEADING.fullmatch(paragraph.split("\n")[0].strip())
    if match is None or _prose(paragraph):
        return None
    return (1 if match.group("part") else 2), paragraph


def _prose(paragraph: str) -> bool:
    """ "Part one was over, she said." is no heading: small letters throughout, and a sentence's end."""
    words = paragraph.split()
    small = sum(first[0].islower() for first, _ in pairwise([*words, ""]))
    return paragraph.endswith((",", ";", ".", "?", "!", "”", '"')) and small > 2
