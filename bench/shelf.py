"""A set on the product's own shelf: cut as the bot cuts it, indexed and searched as the bot does.

Documents become learned sources (one a group, or one a passage that has no group), conversations the
turns of one thread a group, with their speakers and dates. Knows nothing of metrics or peers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.gold import Asking, Given, Gold
from bench.vectors import Kept
from bot.passages import of_source, of_turn
from memory import Piece, Scope, Show, Source, Thread, Turn
from vectorstore import Found, Passage, Query, Sight
from vectorstore.edge import EdgeStore
from vectorstore.index import Index
from vectorstore.ingest import split

_THEN = datetime(2020, 1, 1, tzinfo=UTC)
_TENANT = "bench"
_DATE = re.compile(r"(\d{1,2})\s+([A-Z][a-z]+),?\s+(\d{4})")


@dataclass(frozen=True, slots=True)
class Cut:
    """The product's passages of a set; ``whose`` maps a point id to the set's passage it was cut from."""

    gold: Gold
    passages: tuple[Passage, ...]
    whose: Mapping[str, str]

    def sight(self, asked: Asking) -> Sight:
        group = asked.group if self.gold.within else ""
        if self.gold.conversation:
            return Sight(_TENANT, _show(self.gold, asked.group), asked.group, {"main": len(self.gold.passages)})
        return Sight(_TENANT, _show(self.gold, group))


class Shelf:
    """The index with a set in it."""

    def __init__(self, cut: Cut, store: EdgeStore, embedder: Kept) -> None:
        self.cut = cut
        self.store = store
        self.embedder = embedder
        self._index = Index(store, embedder)

    @classmethod
    async def fill(cls, cut: Cut, embedder: Kept, folder: Path) -> "Shelf":
        store = await EdgeStore.open(folder, embedder.name, await embedder.dimension(), "bench", anew=True)
        shelf = cls(cut, store, embedder)
        await shelf._index.put(cut.passages)
        return shelf

    async def search(self, asked: Asking, limit: int) -> Found:
        return await self.find(Query(self.cut.sight(asked), asked.text, limit=limit))

    async def find(self, query: Query) -> Found:
        return await self._index.search(query)

    async def close(self) -> None:
        await self._index.close()


def cut(gold: Gold) -> Cut:
    """Every passage of the set as the bot would cut it."""
    passages: list[Passage] = []
    whose: dict[str, str] = {}
    for group in _groups(gold):
        made = list(_turns(gold, group) if gold.conversation else _sources(gold, group))
        passages += [passage for passage, _ in made]
        whose |= {passage.id: given for passage, given in made}
    return Cut(gold, tuple(passages), whose)


def ranking(found: Found, whose: Mapping[str, str]) -> list[str]:
    """The set's passages in the order of the hits, each once. A hit stands for its own passage first;
    what was joined to it comes right behind, so that it takes places of its own."""
    shown = [one for hit in found.hits for one in (hit.passage, *hit.joined)]
    return list(dict.fromkeys(whose[one.id] for one in shown))


def _groups(gold: Gold) -> list[list[Given]]:
    groups: dict[str, list[Given]] = {}
    for one in gold.passages:
        groups.setdefault(one.group or f"\0{one.id}", []).append(one)
    return [sorted(group, key=lambda one: one.order) for group in groups.values()]


def _sources(gold: Gold, group: Sequence[Given]) -> Iterator[tuple[Passage, str]]:
    parts = [(one, text) for one in group for text in split(one.text)]
    pieces = [Piece(order, text, speaker=one.speaker, date=one.date) for order, (one, text) in enumerate(parts)]
    first = group[0]
    name = first.group or first.id
    shown = _show(gold, first.group if gold.within else "")
    source = Source(name, shown, first.title or first.group, name, "text", "", "", len(pieces), _THEN)
    for passage, (one, _) in zip(of_source(_named(shown), source, pieces), parts, strict=True):
        yield passage, one.id


def _turns(gold: Gold, group: Sequence[Given]) -> Iterator[tuple[Passage, str]]:
    show = _named(_show(gold, group[0].group))
    thread = Thread(group[0].group, Scope("bench", _TENANT, group[0].group, ""), show.id)
    for depth, one in enumerate(group, 1):
        turn = Turn(one.id, thread.id, None, depth, "main", one.speaker, one.text, "chat", None, _when(one.date))
        for passage in of_turn(show, thread, turn):
            yield passage, one.id


def _show(gold: Gold, group: str) -> str:
    return f"{gold.name}/{group}" if group else gold.name


def _named(show: str) -> Show:
    return Show(show, _TENANT, show)


def _when(date: str) -> datetime | None:
    """The day of an ISO date or one like "1:56 pm on 8 May, 2023"; None for anything else."""
    with suppress(ValueError):
        return datetime.fromisoformat(date)
    written = _DATE.search(date)
    if written:
        day, month, year = written.groups()
        for form in ("%d %B %Y", "%d %b %Y"):
            with suppress(ValueError):
                return datetime.strptime(f"{day} {month} {year}", form).replace(tzinfo=UTC)
    return None
