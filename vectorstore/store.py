"""What is in the store, and the port an engine stands behind: embedded Qdrant or a server.

Knows nothing of either engine.
"""

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Protocol

from vectorstore.passage import Origin, Passage
from vectorstore.query import Hit, Query
from vectorstore.sight import Where


@dataclass(frozen=True, slots=True)
class Asked:
    """One search as an engine sees it: ``texts`` are the phrasings, the person's own first,
    ``vectors`` their embeddings (none when there is no embedder), ``names`` name keys are sought
    besides those spoken in the texts, ``depth`` how many candidates each arm fetches. ``pieces`` are the
    phrasings' word pieces as vectorstore.pieces has a question's (none where the embedder gives none)."""

    texts: tuple[str, ...]
    vectors: tuple[Sequence[float], ...]
    names: tuple[str, ...]
    depth: int
    pieces: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """How one signal rates the candidates of one origin for one phrasing. Every candidate of the
    origin is in it, whichever arm found it; where it is missing its rating is 0."""

    origin: Origin
    signal: str
    phrasing: int
    scores: Mapping[str, float]


Pair = tuple[int, int]
"""Two words that stand side by side."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A passage with its point id and its unit ``vector`` (empty if it has none). ``words`` are the asked
    words that occur in it with what each weighs, ``pairs`` the asked pairs that occur in it, ``pieces`` its
    word pieces, packed (none if it has none)."""

    id: str
    passage: Passage
    vector: "array[float]"
    words: Mapping[int, float]
    pairs: frozenset[Pair]
    pieces: bytes = b""


@dataclass(frozen=True, slots=True)
class Terms:
    """A phrasing taken apart: its words, each with how rare it is in the show (0 where it occurs nowhere),
    and its pairs of adjacent words."""

    words: Mapping[int, float]
    pairs: frozenset[Pair]


@dataclass(frozen=True, slots=True)
class Entered:
    """A passage to be put in, with its vector and its packed pieces."""

    passage: Passage
    vector: Sequence[float]
    pieces: bytes = b""


class Readable(Protocol):
    """What a search needs of a store. Nothing is read without a Where."""

    async def find(self, where: Where, asked: Asked, query: Query) -> tuple[Sequence[Hit], Sequence[tuple[Hit, str]]]:
        """The hits, best first, and what was near them with the reason it is not among them. Raises IndexFault."""
        ...


class Writable(Protocol):
    """What keeping the index needs of an engine. ``fingerprints`` tells ids and digests, never texts."""

    async def put(self, entered: Sequence[Entered]) -> None: ...

    async def drop(self, record: str, keep: Sequence[str]) -> None: ...

    async def fingerprints(self, show: str, ids: Sequence[str] | None) -> Mapping[str, str]: ...

    async def clear(self) -> None: ...

    async def keep(self) -> None:
        """Returns when what was told is on the disk, also through a power cut."""
        ...

    async def purge(self) -> None:
        """Begin to let go of what was dropped: soon nothing of its text is on the disk any more."""
        ...

    async def place(self) -> str:
        """Where it is kept, for a person."""
        ...

    async def settled(self) -> None:
        """Returns when the index is not being optimized any more."""
        ...

    async def close(self) -> None: ...


class Store(Readable, Writable, Protocol):
    """An engine."""


def fingerprint(passage: Passage) -> str:
    """Changes whenever anything of the passage does: equal ids and fingerprints mean an equal index."""
    return blake2b(json.dumps(asdict(passage), sort_keys=True).encode(), digest_size=16).hexdigest()


def searchable(passage: Passage) -> str:
    """The text that is embedded and whose words are counted: what it is called, where it stands, what it says.
    A turn is called by its number, which nobody asks for."""
    names = ", ".join(name for name in passage.names if name != passage.title)
    title = "" if passage.origin is Origin.TURN else passage.title
    head = " / ".join(part for part in (title, *passage.path, names) if part)
    body = f"{passage.speaker}: {passage.text}" if passage.speaker else passage.text
    return f"{head}\n{body}" if head else body


def payload(passage: Passage) -> dict[str, Any]:
    """What is as it is by default is left out: it would be read again with every search."""
    held = {name: value for name, value in asdict(passage).items() if value != _DEFAULTS.get(name, _NEVER)}
    return {**held, "origin": passage.origin.value, "fingerprint": fingerprint(passage)}


_NEVER = object()
_DEFAULTS = {one.name: one.default for one in fields(Passage) if one.default is not MISSING}
_of_passage = itemgetter(*Passage.__dataclass_fields__)


def passage_of(stored: Mapping[str, Any]) -> Passage:
    """The passage that a payload was made of."""
    return Passage(*_of_passage({**_DEFAULTS, **stored, **_typed(stored)}))


def _typed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a payload holds as another type than a passage."""
    return {
        "origin": Origin(stored["origin"]),
        **{name: tuple(stored[name]) for name in ("names", "path") if name in stored},
    }
