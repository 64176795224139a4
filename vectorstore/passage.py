"""Passage: a retrievable piece of canon, of a source or of an earlier turn, with where it came from.

Knows nothing of Qdrant, of the ledger or of prompts.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

_NAMESPACE = UUID("6b0c4f4e-6f0a-5f0e-9d0b-1d2a4c1f7a55")


class Origin(StrEnum):
    """What sort of record a passage was cut from."""

    CANON = "canon"
    SOURCE = "source"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrievable text and everything a filter, a citation or a neighbour join needs.

    ``record`` is the ledger id of the entry, source or turn it was cut from, ``order`` its place
    among that record's passages, counted from 0. ``kind`` is the canon kind (``character``, ...),
    the source's media (``pdf``, ...) or ``turn``. ``status`` is ``accepted`` for canon in force and
    ``proposed``, ``rejected``, ``retired`` otherwise; sources are ``learned``, turns ``said``.
    ``thread`` and ``branch`` are empty unless it is a turn; ``depth`` is then the turn's depth.
    ``names`` are the name and aliases it answers to.
    """

    tenant: str
    show: str
    origin: Origin
    kind: str
    record: str
    order: int
    text: str
    title: str
    status: str
    version: int = 1
    names: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    page: int | None = None
    thread: str = ""
    branch: str = ""
    depth: int = 0
    speaker: str = ""
    date: str = ""

    @property
    def id(self) -> str:
        """The deterministic point id (a UUID): the same record, version and order give the same point."""
        return self.at(self.order)

    def at(self, order: int) -> str:
        """The point id of the passage in this place of its record."""
        parts = (self.tenant, self.show, self.record, str(self.version), str(order))
        return str(uuid5(_NAMESPACE, "\x1f".join(parts)))
