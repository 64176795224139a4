"""Sources: documents that were learned, and the passages they were cut into.

The passages' texts are kept here because the index is derived and must be rebuildable from the
ledger alone. Knows nothing of parsing, embedding or search.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a document, in reading order. ``path`` is the headings above it, outermost
    first; ``page`` counts from 1 where the document has pages; ``speaker`` and ``date`` (ISO 8601)
    are set for chats and subtitles."""

    order: int
    text: str
    path: tuple[str, ...] = ()
    page: int | None = None
    speaker: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A learned document. ``uri`` says which (an absolute path or URL), ``digest`` is the SHA-256
    of its bytes, ``pieces`` how many passages it has."""

    id: str
    show: str
    title: str
    uri: str
    media: str
    digest: str
    licence: str
    pieces: int
    learned: datetime
