"""The index: passages in, hits out.

Every call may be repeated without harm, so whoever keeps it in step with the ledger can start over
at any point. Knows nothing of the ledger or of prompts.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from vectorstore.address import Address
from vectorstore.edge import EdgeStore
from vectorstore.embedding import Embedded
from vectorstore.foreseen import Foreseen
from vectorstore.generation import current
from vectorstore.passage import Passage
from vectorstore.query import Found, Query
from vectorstore.search import Embeds, search
from vectorstore.server import ServerStore
from vectorstore.store import Entered, Store, fingerprint, searchable

_AT_ONCE = 256  # passages embedded before they are stored: what a crash in mid-learning loses at most


class Learns(Embeds, Protocol):
    """An embedder as the index needs it; vectorstore.embedding.Embedder is one."""

    name: str

    async def dimension(self) -> int: ...

    async def read_passages(self, texts: Sequence[str]) -> list[Embedded]: ...


class Index:
    """A store and the embedder its vectors come from. The embedder is the caller's to close."""

    def __init__(self, store: Store, embedder: Learns) -> None:
        self._store = store
        self._embedder = embedder
        self._foreseen = Foreseen(embedder)

    @classmethod
    async def open(
        cls,
        folder: Path,
        embedder: Learns,
        program: str = "dramaturg",
        anew: bool = False,
        first: Callable[[], Awaitable[None]] | None = None,
    ) -> "Index":
        """Open or make the embedded index in ``folder``; ``anew`` starts an empty one, whatever is there, once
        ``first`` is done: nothing is thrown away where that fails.

        ``program`` is named to whoever finds the index in use. Raises StoreLocked when another
        process has it open and StoreDamaged when only rebuilding helps.
        """
        known = None if anew else await asyncio.to_thread(_dimension, folder, embedder.name)
        dimension = known or await embedder.dimension()
        return cls(await EdgeStore.open(folder, embedder.name, dimension, program, anew, first=first), embedder)

    @classmethod
    async def at(
        cls,
        address: Address,
        embedder: Learns,
        anew: bool = False,
        first: Callable[[], Awaitable[None]] | None = None,
    ) -> "Index":
        """Open or make the index in a Qdrant server, which other programs may share; ``anew`` empties it, once
        ``first`` is done.

        One that does not answer now may do so later: until then a search says so and a change raises StoreAway.
        Raises IndexFault when the server will not have us, and StoreDamaged when only rebuilding helps.
        """
        return cls(await ServerStore.open(address, embedder.name, embedder.dimension, anew, first), embedder)

    async def put(self, passages: Iterable[Passage]) -> int:
        """Add or overwrite; returns how many were not there as they are now. Only those are embedded."""
        given = {passage.id: passage for passage in passages}
        there = await self._store.fingerprints("", list(given))
        fresh = [passage for passage in given.values() if there.get(passage.id) != fingerprint(passage)]
        for start in range(0, len(fresh), _AT_ONCE):
            await self._enter(fresh[start : start + _AT_ONCE])
        return len(fresh)

    async def replace(self, record: str, passages: Sequence[Passage]) -> int:
        """Make these the record's only passages; returns how many changed. Readers see no gap between."""
        changed = await self.put(passages)
        await self._store.drop(record, [passage.id for passage in passages])
        return changed

    async def replace_all(self, records: Mapping[str, Sequence[Passage]]) -> int:
        """As `replace`, for many records at once: embedding is fast only in large batches. On the disk when it
        returns."""
        changed = await self.put(passage for passages in records.values() for passage in passages)
        for record, passages in records.items():
            await self._store.drop(record, [passage.id for passage in passages])
        await self._store.keep()
        return changed

    async def drop(self, record: str) -> None:
        """Forget a record's passages, all versions."""
        await self._store.drop(record, [])

    def expect(self, texts: Sequence[str]) -> None:
        """Begin to embed what a search will ask for in a moment."""
        self._foreseen.expect(texts)

    async def search(self, query: Query) -> Found:
        """What the query's sight shows, best first; see vectorstore.search for the signals."""
        return await search(self._store, self._foreseen, query)

    async def fingerprints(self, show: str = "") -> Mapping[str, str]:
        """Point id to fingerprint of all that is stored, or of one show's: equal to the ledger's
        ``{passage.id: fingerprint(passage)}`` exactly when nothing is missing, stale or too much."""
        return await self._store.fingerprints(show, None)

    async def count(self) -> int:
        return len(await self.fingerprints())

    async def clear(self) -> None:
        await self._store.clear()

    async def purge(self) -> None:
        """Begin to let go of what was dropped or replaced: dropped passages are found no more, but their texts stay in
        the engine's files until those are made anew. `settled` waits for it."""
        await self._store.purge()

    async def place(self) -> str:
        """Where it is kept, for a person. Raises IndexFault."""
        return await self._store.place()

    async def settled(self) -> None:
        """Returns when it is not being optimized or purged any more."""
        await self._store.settled()

    async def close(self) -> None:
        await self._foreseen.close()
        await self._store.close()

    async def _enter(self, passages: Sequence[Passage]) -> None:
        read = await self._embedder.read_passages([searchable(passage) for passage in passages])
        entered = [Entered(one, found.vector, found.pieces) for one, found in zip(passages, read, strict=True)]
        await self._store.put(entered)


def _dimension(folder: Path, embedder: str) -> int | None:
    """What the store says of this embedder, so that a large model need not be loaded to open it."""
    try:
        about = json.loads((current(folder) / "about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return int(about["dimension"]) if about.get("embedder") == embedder else None
