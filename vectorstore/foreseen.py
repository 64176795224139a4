"""Foreseen: queries that are embedded before they are asked, while their turn is still being written down.

Knows nothing of what is searched.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from vectorstore.embedding import Embedded
from vectorstore.search import Embeds

_AT_ONCE = 16  # texts that nobody came for are let go

Read = dict[str, Embedded]


class Foreseen:
    """An embedder of queries that may be told of them beforehand. What it raises comes with the query."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._begun: OrderedDict[str, asyncio.Task[Read]] = OrderedDict()
        self._tasks: set[asyncio.Task[Read]] = set()

    def expect(self, texts: Sequence[str]) -> None:
        """Needs a running event loop. Being told twice does no harm."""
        self._begun |= self._begin([text for text in texts if not self._knows(text)])
        while len(self._begun) > _AT_ONCE:
            self._begun.popitem(last=False)

    async def read_queries(self, texts: Sequence[str]) -> list[Embedded]:
        begun = {text: self._begun.pop(text) for text in dict.fromkeys(texts) if self._knows(text)}
        begun |= self._begin([text for text in texts if text not in begun])
        # Who waits for one text may give up; its batch may be somebody else's too.
        found = {text: (await asyncio.shield(task))[text] for text, task in begun.items()}
        return [found[text] for text in texts]

    async def close(self) -> None:
        """Wait for what was begun."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._begun.clear()

    def _begin(self, texts: Sequence[str]) -> dict[str, "asyncio.Task[Read]"]:
        wanted = list(dict.fromkeys(texts))
        if not wanted:
            return {}
        task = asyncio.create_task(self._embed(wanted), name="embed a query")
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return dict.fromkeys(wanted, task)

    def _knows(self, text: str) -> bool:
        """Whether it is embedded, or will be: what failed for somebody else is tried again."""
        task = self._begun.get(text)
        return task is not None and not (task.done() and (task.cancelled() or task.exception()))

    async def _embed(self, texts: Sequence[str]) -> Read:
        return dict(zip(texts, await self._embedder.read_queries(texts), strict=True))

    def _over(self, task: "asyncio.Task[Read]") -> None:
        """Nobody may come for it."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
