"""Lore: what of a show's canon every turn needs at hand: its names, and what is always on.

Knows nothing of storage, search or prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chains import Names
from memory import Entry

PINNED = "pinned"
"""The tag that keeps an entry in every prompt."""


@dataclass(frozen=True, slots=True)
class Lore:
    """``names`` finds canon names in a text; ``pinned`` are style entries and those tagged so."""

    names: Names = Names()  # noqa: RUF009 - frozen, and empty
    pinned: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Lore":
        pinned = tuple(entry for entry in entries if entry.kind == "style" or PINNED in entry.tags)
        return cls(Names.read(entries), pinned)
