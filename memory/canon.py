"""Canon: what a room has accepted as true of its show, every version kept.

Knows nothing of storage, search or models. An entry is never overwritten: an edit is a new
version, retiring is a decision, and a proposal is an entry that nobody has decided on yet.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Only ACCEPTED entries may be stated as fact."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RETIRED = "retired"


KINDS = ("character", "place", "thing", "rule", "event", "scene", "style", "lore")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it is in the ledger. ``kind`` is one of KINDS; ``origin`` is where it came
    from (a bible file's path, a turn's id), ``starts``/``ends`` the story time it holds for."""

    kind: str
    name: str
    text: str
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a canon entry. ``id`` is the same for all versions of an entry."""

    id: str
    show: str
    kind: str
    name: str
    text: str
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    starts: str
    ends: str
    origin: str
    status: Status
    version: int
    who: str
    when: datetime


class Name(NamedTuple):
    """What an accepted entry answers to, for finding names in a text."""

    id: str
    kind: str
    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's verdict on one version of an entry. ``where`` is where it was given: a
    permalink, a turn's id, a bible file's path."""

    entry: str
    version: int
    who: str
    verdict: Status
    why: str
    when: datetime
    where: str


@dataclass(frozen=True, slots=True)
class Synced:
    """What a bible file changed, in entries. ``doubled`` names those that stand in the file twice:
    the first of them was used."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    doubled: tuple[str, ...] = ()
