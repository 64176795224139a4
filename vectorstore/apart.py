"""Apart: a store that is read in the index's process, whichever engine is there.

Knows nothing of engines, of how passages are ranked or of what is written.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vectorstore.query import Hit, Query
from vectorstore.sight import Where
from vectorstore.store import Arm, Asked
from vectorstore.worker import Worker

if TYPE_CHECKING:
    from vectorstore.find import Survey


class Apart:
    """The reading half of a Store."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def pid(self) -> int | None:
        """The process the engine, or the connection to it, lives in."""
        return self._worker.pid

    async def find(self, where: Where, asked: Asked, query: Query) -> tuple[Sequence[Hit], Sequence[tuple[Hit, str]]]:
        found: tuple[Sequence[Hit], Sequence[tuple[Hit, str]]] = await self._read("find", where, asked, query)
        return found

    async def arms(self, where: Where, asked: Asked) -> Sequence[Arm]:
        """What each signal of the engine finds by itself: for who measures it."""
        found: Sequence[Arm] = await self._read("arms", where, asked)
        return found

    async def survey(self, where: Where, asked: Asked) -> "Survey":
        """All that a search would weigh: for who learns the weights."""
        found: Survey = await self._read("survey", where, asked)
        return found

    async def fingerprints(self, show: str, ids: Sequence[str] | None) -> Mapping[str, str]:
        found: Mapping[str, str] = await self._call("fingerprints", show, ids)
        return found

    async def _read(self, method: str, *args: Any) -> Any:
        return await self._call(method, *args, urgent=True)

    async def _call(self, method: str, *args: Any, urgent: bool = False) -> Any:
        return await self._worker.call(method, *args, urgent=urgent)
