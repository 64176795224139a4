"""Search: one query over canon, sources and earlier turns, to a few hits with their reasons.

What may be seen, and phrasings to vectors; the rest is done where the store is. Knows nothing of the engine
behind it, of the ledger or of prompts.
"""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Protocol

from vectorstore.embedding import Embedded
from vectorstore.errors import EmbedderDown, IndexFault
from vectorstore.query import Found, Hit, Query
from vectorstore.sight import visible
from vectorstore.store import Asked, Readable

DEPTH = 64  # candidates an arm


class Embeds(Protocol):
    """What a search needs of an embedder; raises EmbedderDown."""

    async def read_queries(self, texts: Sequence[str]) -> list[Embedded]: ...


async def search(store: Readable, embedder: Embeds, query: Query) -> Found:
    """Never raises for an index that cannot answer: what is missing stands in ``trouble``."""
    started = perf_counter()
    trouble = ""
    hits: Sequence[Hit] = ()
    missed: Sequence[tuple[Hit, str]] = ()
    where = visible(query)
    if where is not None and query.limit > 0:
        asked, trouble = await _asked(embedder, query)
        try:
            hits, missed = await store.find(where, asked, query)
        except IndexFault as fault:
            trouble = str(fault)
    return Found(tuple(hits), tuple(missed), trouble, (perf_counter() - started) * 1000)


async def _asked(embedder: Embeds, query: Query) -> tuple[Asked, str]:
    texts = tuple(dict.fromkeys(text for text in (query.text, *query.also) if text.strip()))
    asked = Asked(texts, (), query.names, DEPTH)
    if not texts:
        return asked, ""
    try:
        found = await embedder.read_queries(texts)
        return replace(asked, vectors=tuple(one.vector for one in found), pieces=tuple(one.pieces for one in found)), ""
    except EmbedderDown as fault:
        return asked, f"Found by words alone: {fault}"
