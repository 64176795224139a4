"""Foreseen: queries that are embedded before they are asked, while their turn is still being written down.

Knows nothing of what is searched.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from vectorstore.embedding import Embedded
from vectorstore.search import Embeds

_AT_ONCE = 16  # that nobody came for are let go

Read = list[Embedded]


class Foreseen:
    """An embedder of queries that may be told of them beforehand. What it raises comes with the query."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._begun: OrderedDict[tuple[str, ...], asyncio.Task[Read]] = OrderedDict()

    def expect(self, texts: Sequence[str]) -> None:
        """Needs a running event loop. Being told twice does no harm."""
        wanted = _distinct(texts)
        if not wanted or wanted in self._begun:
            return
        task = self._begun[wanted] = asyncio.create_task(self._embed(wanted), name="embed a query")
        task.add_done_callback(_heard)
        while len(self._begun) > _AT_ONCE:
            self._begun.popitem(last=False)[1].cancel()

    async def read_queries(self, texts: Sequence[str]) -> Read:
        begun = self._begun.pop(_distinct(texts), None)
        if begun is None or begun.cancelled():
            return await self._embedder.read_queries(texts)
        return await begun

    async def close(self) -> None:
        """Wait for what was begun."""
        await asyncio.gather(*(task for task in self._begun.values() if not task.done()), return_exceptions=True)
        self._begun.clear()

    async def _embed(self, texts: Sequence[str]) -> Read:
        return await self._embedder.read_queries(texts)


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text.strip()))


def _heard(task: "asyncio.Task[Read]") -> None:
    """Nobody may come for it."""
    if not task.cancelled():
        task.exception()
