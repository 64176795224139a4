"""What goes between reader and child: JSON lines, small ones, so that a large document never holds the reader's loop.

JSON and no pickle: the child has read what strangers wrote, and nothing it says may build objects here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vectorstore.ingest.document import Chunk, Document

_BODY = 16 * 1024  # characters a line
_CHUNKS = 16  # chunks a line
MOST = 4 * 1024 * 1024  # bytes that a line may ever have


def lines(document: Document) -> Iterator[bytes]:
    """The document as lines; the last is ``end``."""
    head = {name: getattr(document, name) for name in ("title", "uri", "media", "digest", "licence", "remarks")}
    yield line({"head": head, "meta": dict(document.meta)})
    for start in range(0, len(document.body), _BODY):
        yield line({"body": document.body[start : start + _BODY]})
    for start in range(0, len(document.chunks), _CHUNKS):
        some = document.chunks[start : start + _CHUNKS]
        yield line({"chunks": [[one.order, one.text, one.path, one.page, one.speaker, one.date] for one in some]})
    yield line({"end": True})


def line(message: dict[str, Any]) -> bytes:
    # ASCII only, so that no character of a document can end a line
    return json.dumps(message).encode("ascii") + b"\n"


@dataclass(slots=True)
class Receipt:
    """A document as it arrives."""

    head: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, object] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> Document | None:
        """Add one message; the document when it was the last."""
        if "head" in message:
            self.head, self.meta = message["head"], message["meta"]
        elif "body" in message:
            self.body.append(message["body"])
        elif "chunks" in message:
            self.chunks.extend(
                Chunk(order, text, tuple(path), page, speaker, date)
                for order, text, path, page, speaker, date in message["chunks"]
            )
        else:
            head = self.head | {"remarks": tuple(self.head["remarks"])}
            return Document(**head, meta=self.meta, body="".join(self.body), chunks=tuple(self.chunks))
        return None
