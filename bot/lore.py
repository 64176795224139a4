"""Lore: what of a show's canon every turn needs at hand: its names, and what is always on.

Knows nothing of storage, search or prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chains import Names
from memory import Entry, Show

PINNED = "pinned"
"""The tag that keeps an entry in every prompt."""


class Canon(Protocol):
    async def listing(self, tenant: str, show: str) -> tuple[Entry, ...]: ...


@dataclass(frozen=True, slots=True)
class Lore:
    """``names`` finds canon names in a text; ``pinned`` are style entries and those tagged so."""

    names: Names = Names()  # noqa: RUF009 - frozen, and empty
    pinned: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Lore":
        pinned = tuple(entry for entry in entries if entry.kind == "style" or PINNED in entry.tags)
        return cls(Names.read(entries), pinned)


class Lores:
    """A show's lore, read anew only when its canon has changed."""

    def __init__(self, canon: Canon) -> None:
        self._canon = canon
        self._known: dict[str, tuple[int, Lore]] = {}

    async def __call__(self, show: Show) -> Lore:
        version, lore = self._known.get(show.id, (-1, Lore()))
        if version != show.canon_version:
            lore = Lore.of(await self._canon.listing(show.tenant, show.id))
            self._known[show.id] = (show.canon_version, lore)
        return lore
