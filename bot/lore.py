"""Lore: what of a show's canon every turn needs at hand: its names, and what is always on.

Knows nothing of storage, search or prompts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chains import Names, holds
from memory import Entry, Show, Turn

PINNED = "pinned"
"""The tag that keeps an entry in every prompt."""

HEARD = 1200
"""Characters of a message, and of the end of a page, in which somebody is looked for."""


class Canon(Protocol):
    async def listing(self, tenant: str, show: str) -> tuple[Entry, ...]: ...


@dataclass(frozen=True, slots=True)
class Lore:
    """``names`` finds canon names in a text; ``pinned`` are style entries and those tagged so, ``people`` all other
    characters. ``times`` says by id when in the story an entry holds; those that always do are not in it."""

    names: Names = Names()  # noqa: RUF009 - frozen, and empty
    pinned: tuple[Entry, ...] = ()
    people: Mapping[str, Entry] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Lore":
        pinned = tuple(entry for entry in entries if entry.kind == "style" or PINNED in entry.tags)
        people = {entry.id: entry for entry in entries if entry.kind == "character" and entry not in pinned}
        times = {entry.id: when for entry in entries if (when := holds(entry))}
        return cls(Names.read(entries), pinned, people, times)

    def cast(self, window: Sequence[Turn]) -> tuple[Entry, ...]:
        """Who is in the scene: the characters that the turns of the window name. A message that has no answer yet
        changes nothing, nor does one that names nobody else: so the prompt begins as the last one did."""
        said = [text for turn in window for text in (turn.text[:HEARD], turn.take.text[-HEARD:] if turn.take else "")]
        named = {name.id for text in said for name in self.names.within(text)}
        return tuple(entry for entry in self.people.values() if entry.id in named)


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
