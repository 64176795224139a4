"""Makers of real files of every format, and one reader for a test."""

import zipfile
from collections.abc import AsyncIterator, Callable, Mapping
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from vectorstore.ingest import Document, Reader

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    async with Reader() as reader:
        yield reader


@pytest.fixture
def read(reader: Reader, tmp_path: Path) -> Callable[..., object]:
    """Write bytes or text under a name, and read it back."""

    async def write_and_read(name: str, content: str | bytes) -> Document:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return await reader.read(path)

    return write_and_read


@pytest.fixture
def make() -> SimpleNamespace:
    """The makers below; tests here are no package that could be imported from."""
    return SimpleNamespace(zipped=zipped, pdf=pdf, epub=epub)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pdf(pages: list[str], *, password: str = "", outline: Mapping[str, int] | None = None) -> bytes:
    """A PDF with a line of Helvetica for every line of a page."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(width=600, height=800)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        shown = " T* ".join(f"({line}) Tj" for line in text.split("\n"))
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 14 TL 50 750 Td {shown} ET".encode("latin-1") if text else b"")
        page[NameObject("/Contents")] = writer._add_object(stream)
    for title, number in (outline or {}).items():
        writer.add_outline_item(title=title, page_number=number)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def epub(chapters: Mapping[str, str], *, extra: Mapping[str, str] | None = None, opf: str = "") -> bytes:
    """An EPUB whose spine lists the chapters in reverse order of the manifest, so that the spine must be obeyed."""
    names = list(chapters)
    items = "".join(f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in reversed(names))
    spine = "".join(f'<itemref idref="{n}"/>' for n in names)
    package = opf or (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Tide Book</dc:title>'
        "<dc:rights>CC BY 4.0</dc:rights><dc:creator>A. Writer</dc:creator><dc:language>en</dc:language></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    files = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package}
    return zipped(files | {f"OEBPS/{name}.xhtml": text for name, text in chapters.items()} | dict(extra or {}))
