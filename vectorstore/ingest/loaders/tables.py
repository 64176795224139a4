"""CSV: a row a chunk, each cell with its column's name, by LangChain's CSVLoader.

What the loader does not do is done around it: telling the separator and the encoding, and leaving out empty cells.
"""

import csv
import os
import sys
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from langchain_community.document_loaders.csv_loader import CSVLoader

from vectorstore.errors import Refused
from vectorstore.ingest.clean import clean
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft
from vectorstore.ingest.encoding import decode

_SEPARATORS = ",;\t|"
_SAMPLE = 16 * 1024
_MORE = "more"  # cells beyond the last column's name


def load(data: bytes, limits: Limits) -> Draft:
    text, remark = decode(data)
    text = text.replace("\0", "")
    separator = _separator(text[:_SAMPLE])
    csv.field_size_limit(min(sys.maxsize, limits.size))
    headers = _headers(text, separator)
    blocks = tuple(Block(row, whole=True) for row in _rows(text, separator, headers) if row)
    if not blocks:
        raise Refused("it has a header at most, and no rows")
    return Draft(blocks, meta={"columns": headers[:200]}, remarks=tuple(filter(None, (remark,))))


def _separator(sample: str) -> str:
    """The mark that parts the first line into most cells; csv.Sniffer takes letters for separators."""
    first = next((each for each in sample.splitlines() if each.strip()), "")
    return max(_SEPARATORS, key=first.count)


def _headers(text: str, separator: str) -> list[str]:
    try:
        row = next(csv.reader(iter(text.splitlines(keepends=True)), delimiter=separator), [])
    except csv.Error as error:
        raise Refused(f"it is not valid CSV ({error})") from error
    return [clean(cell) for cell in row]


def _rows(text: str, separator: str, headers: list[str]) -> Iterator[str]:
    empty = {f"{header}: " for header in headers}
    arguments = {"delimiter": separator, "restkey": _MORE, "restval": ""}
    # The loader opens what it is given, and closes it: a nameless temporary file is one that nobody else can reach.
    with TemporaryFile() as file:
        file.write(text.encode("utf-8", errors="ignore"))
        file.seek(0)
        handle: Any = os.dup(file.fileno())
        loader = CSVLoader(handle, encoding="utf-8", csv_args=arguments)
        try:
            for row in loader.lazy_load():
                yield clean("\n".join(each for each in row.page_content.split("\n") if each not in empty))
        except RuntimeError as error:  # the loader wraps everything, memory errors too
            if isinstance(error.__cause__, MemoryError):
                raise MemoryError from error
            raise Refused(f"it is not valid CSV ({error.__cause__})") from error
