"""PDF: the text of each page, by pypdf; its outline is the heading path.

LangChain's PyPDFLoader wraps the same library and hides which page failed and why.
"""

from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import Destination

from vectorstore.errors import Refused
from vectorstore.ingest.clean import clean, line, unhyphenate
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline
from vectorstore.ingest.sentences import paragraphs

# What pypdf raises on a damaged page; MemoryError is for the process to judge.
_PAGE_FAULTS = (
    PyPdfError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
)
_LOCKED = "it is encrypted; save a copy without a password"
_OUTLINED = 2_000


def load(data: bytes, limits: Limits) -> Draft:
    reader = _open(data)
    try:
        count = len(reader.pages)
    except _PAGE_FAULTS as error:
        raise Refused("the PDF is broken or cut short; save or download it again") from error
    if count > limits.pages:
        raise Refused(f"it has {count:,} pages, more than the {limits.pages:,} allowed")
    headings = _outline(reader)
    blocks: list[Block] = []
    failed, blank = [], []
    path: tuple[str, ...] = ()
    for number in range(1, count + 1):
        path = headings.get(number, path)
        try:
            text = clean(unhyphenate(clean(reader.pages[number - 1].extract_text())))
        except _PAGE_FAULTS:
            failed.append(number)
            continue
        if not text:
            blank.append(number)
        blocks.extend(Block(paragraph, path, page=number) for paragraph in paragraphs(text))
    if not blocks:
        raise Refused(_nothing(count, failed))
    return Draft(tuple(blocks), title=_title(reader), remarks=tuple(_remarks(failed, blank)))


def _open(data: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused(_LOCKED)
    except DependencyError as error:  # pypdf needs another package for AES
        raise Refused(_LOCKED) from error
    except (PyPdfError, *_PAGE_FAULTS) as error:
        raise Refused("the PDF is broken or cut short; save or download it again") from error
    return reader


def _nothing(count: int, failed: list[int]) -> str:
    if count == 0:
        return "the PDF has no pages"
    if len(failed) == count:
        return "none of its pages could be read; the PDF is broken"
    return "its pages hold pictures and no text; run text recognition (OCR) on it first"


def _remarks(failed: list[int], blank: list[int]) -> list[str]:
    remarks = []
    if failed:
        remarks.append(f"pages that could not be read: {_list(failed)}")
    if blank:
        remarks.append(f"pages without text: {_list(blank)}")
    return remarks


def _list(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"


def _outline(reader: PdfReader) -> dict[int, tuple[str, ...]]:
    """Heading path by page, for the last entry that begins there; a broken outline is no outline."""
    paths: dict[int, tuple[str, ...]] = {}
    outline = Outline()
    stack = [(1, entry) for entry in reversed(_entries(reader))]
    for _ in range(_OUTLINED):
        if not stack:
            break
        level, entry = stack.pop()
        if isinstance(entry, list):
            stack.extend((level + 1, inner) for inner in reversed(entry))
        elif isinstance(entry, Destination):
            try:
                page = reader.get_destination_page_number(entry)
                if page is not None and page >= 0:
                    paths[page + 1] = outline.enter(level, line(str(entry.title)))
            except _PAGE_FAULTS:
                continue
    return paths


def _entries(reader: PdfReader) -> list[object]:
    try:
        return list(reader.outline)
    except _PAGE_FAULTS:
        return []


def _title(reader: PdfReader) -> str:
    try:
        return line(str(reader.metadata.title or "")) if reader.metadata else ""
    except _PAGE_FAULTS:
        return ""
