"""EPUB: the chapters in the order of the spine.

By zipfile and lxml: ebooklib is AGPL, LangChain's UnstructuredEPubLoader needs pandoc installed.
"""

from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from vectorstore.errors import Refused
from vectorstore.ingest.archive import Archive, climbs
from vectorstore.ingest.clean import line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft, Outline
from vectorstore.ingest.encoding import decode
from vectorstore.ingest.loaders.web import parse, visible

_CONTAINER = "META-INF/container.xml"
_LOCKS = "META-INF/encryption.xml"
_FONTS = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
_DC = "{http://purl.org/dc/elements/1.1/}"


def load(data: bytes, limits: Limits) -> Draft:
    archive = Archive(data, limits)
    if _CONTAINER not in archive:
        raise Refused("it is not an EPUB: its table of files is missing")
    if _LOCKS in archive and _locked(archive.read(_LOCKS)):
        raise Refused("it is copy-protected (DRM) and cannot be read")
    package = _package(archive)
    book = _xml(archive.read(package))
    blocks: list[Block] = []
    remarks: list[str] = []
    for number, name in enumerate(_spine(book, dirname(package)), start=1):
        if climbs(name) or name not in archive:
            remarks.append(f"chapter file {number} is missing")
            continue
        blocks.extend(_chapter(archive.read(name), number))
    if not blocks:
        raise Refused("none of its chapters holds text")
    meta = {key: value for key in ("creator", "language", "publisher", "date") if (value := _named(book, key))}
    return Draft(tuple(blocks), _named(book, "title"), _named(book, "rights"), meta, remarks=tuple(remarks))


def _chapter(data: bytes, number: int) -> list[Block]:
    text, _ = decode(data)
    if not text.strip():
        return []
    tree = parse(text)
    found = visible(tree, Outline())
    title = line(tree.findtext(".//title") or "")
    if title and found and not any(block.path for block in found):
        found = [Block(block.text, (title,)) for block in found]
    return [Block(block.text, block.path, group=number, tied=block.tied) for block in found]


def _xml(data: bytes) -> Element:
    try:
        root: Element = fromstring(data)
    except DefusedXmlException as error:
        raise Refused("it declares XML entities, which bombs are made of") from error
    except (ParseError, ValueError) as error:
        raise Refused("the EPUB's list of chapters is broken; download it again") from error
    return root


def _package(archive: Archive) -> str:
    for element in _xml(archive.read(_CONTAINER)).iter():
        path = unquote(element.get("full-path") or "")
        if path and not climbs(path) and path in archive:
            return path
    raise Refused("the EPUB's list of chapters is missing; download it again")


def _spine(book: Element, folder: str) -> list[str]:
    items = {item.get("id"): item.get("href", "") for item in book.iter() if _local(item) == "item"}
    order = (item.get("idref") for item in book.iter() if _local(item) == "itemref")
    return [normpath(join(folder, unquote(items[ref].split("#")[0]))) for ref in dict.fromkeys(order) if items.get(ref)]


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _named(book: Element, name: str) -> str:
    return line(", ".join(found.text for found in book.iter(_DC + name) if found.text))


def _locked(encryption: bytes) -> bool:
    """Obfuscated fonts are no lock; anything else is."""
    methods = encryption.count(b"EncryptionMethod")
    return methods > sum(encryption.count(font) for font in _FONTS)
