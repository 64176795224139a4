"""The nouns of reading: a document, the chunks it was cut into, and how much one file may cost.

Knows nothing of the ledger, of embeddings or of how any format is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """One retrievable piece, ``order`` counted from 0 within its document.

    ``path`` is the heading path, outermost first; ``page`` counts from 1 and is where the chunk
    begins. ``speaker`` names everyone who speaks in it, in order, joined by ", ". ``date`` is that of
    the first line: ISO 8601 for messages, a time code (``00:12:31``) for subtitles.
    """

    order: int
    text: str
    path: tuple[str, ...] = ()
    page: int | None = None
    speaker: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. ``media`` names the format (``markdown``, ``pdf``, ...), ``digest`` is the
    SHA-256 of its bytes in hex, ``body`` its visible text without front-matter. ``meta`` holds
    front-matter and the like as JSON-like values. ``remarks`` are phrases about what was doubtful."""

    title: str
    uri: str
    media: str
    digest: str
    licence: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)
    body: str = ""
    chunks: tuple[Chunk, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. ``size``, ``memory`` (beyond an idle reader's) and ``unpacked`` are
    bytes, ``cpu`` and ``wall`` seconds; ``ratio``, ``entries`` and ``unpacked`` bind zip containers."""

    size: int = 50 * _MIB
    memory: int = 1024 * _MIB
    cpu: int = 20
    wall: float = 60.0
    unpacked: int = 200 * _MIB
    ratio: int = 200
    entries: int = 50_000
    paragraphs: int = 100_000
    pages: int = 5_000
