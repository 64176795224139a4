"""Line: the connection to a Qdrant server. What goes wrong on it becomes one sentence for a person.

Runs in the index process and is imported only there: a search is blocking work, and so QdrantClient and not
AsyncQdrantClient. No key and no password gets into a sentence. Knows nothing of what is asked.
"""

import json
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from vectorstore.address import Address
from vectorstore.errors import IndexFault, StoreAway, StoreGone

T = TypeVar("T")
READ, WRITE = 2, 3
"""How often something is tried. Everything may be asked twice without harm."""

WRITING = 30  # seconds a change may take
_WAIT = 0.3  # seconds between two tries, growing
_LONGEST = 2.0  # seconds that a server may have us wait
_BESIDE = 4  # questions that may be under way besides
_TOLD = 200  # characters of what a server says


class Line:
    """``client`` is the SDK's; whatever is asked of it is asked through ``ask``."""

    def __init__(self, address: Address) -> None:
        self._address = address
        with warnings.catch_warnings(action="ignore"):  # of a key without encryption; ServerStore says it in words
            self.client = QdrantClient(
                url=address.url,
                port=address.port,
                api_key=address.api_key or None,
                timeout=address.patience,
                check_compatibility=False,
            )
        self._beside = ThreadPoolExecutor(_BESIDE, thread_name_prefix="line")

    def ask(self, call: Callable[[QdrantClient], T], tries: int = READ) -> T:
        """What ``call`` gives. Raises IndexFault: StoreAway where it may be well in a while, StoreGone where there is
        no such collection."""
        for tried in range(1, tries + 1):
            try:
                return call(self.client)
            except (ResponseHandlingException, UnexpectedResponse, ResourceExhaustedResponse) as problem:
                fault, wait = self._told(problem)
                if not isinstance(fault, StoreAway) or wait is None or tried == tries:
                    raise fault from problem
                time.sleep(max(wait, _WAIT * tried))
        raise AssertionError("it is tried once at least")

    def beside(self, call: Callable[[QdrantClient], T]) -> "Future[T]":
        """As ``ask``, while something else is asked. Must not be called by what is asked so."""
        return self._beside.submit(self.ask, call)

    def close(self) -> None:
        self._beside.shutdown()
        self.client.close()

    def _told(self, problem: Exception) -> tuple[IndexFault, float | None]:
        """The fault, and after how many seconds it is worth another try; None: not now."""
        server = f"The index's server {self._address.url}"
        if isinstance(problem, ResourceExhaustedResponse):
            wait = float(problem.retry_after_s)
            return StoreAway(f"{server} is asked too much; ask again in a while."), wait if wait <= _LONGEST else None
        if isinstance(problem, UnexpectedResponse):
            return self._answered(server, problem.status_code or 0, _reason(problem))
        source = getattr(problem, "source", problem)
        if isinstance(source, httpx.TimeoutException):
            return StoreAway(f"{server} does not answer in time; see whether it is overloaded."), None
        if isinstance(source, httpx.TransportError):
            return StoreAway(f"{server} cannot be reached; start it, or mend the setting index."), 0.0
        return IndexFault(f"{server} does not answer as Qdrant does; see that index names its REST port."), None

    def _answered(self, server: str, status: int, reason: str) -> tuple[IndexFault, float | None]:
        match status:
            case 401 | 403:
                return IndexFault(f"{server} refuses the key; mend index_api_key: it must be one that may write."), None
            case 404:
                return StoreGone(
                    f"{server} has no collection {self._address.collection}; run dramaturg reindex, which makes it anew."
                ), None
            case 429:
                return StoreAway(f"{server} is asked too much; ask again in a while."), 0.0
            case 507:
                return StoreAway(f"{server} has no room left ({reason}); free some space there."), None
            case _ if status >= 500 and "space" in reason.casefold():
                return StoreAway(f"{server} has no room left ({reason}); free some space there."), None
            case _ if status >= 500:
                return StoreAway(f"{server} has trouble of its own (status {status}); see its log."), 0.0
        return IndexFault(f"{server} did not do what was asked ({reason or status}); run dramaturg doctor."), None


def _reason(problem: UnexpectedResponse) -> str:
    """What the server says, in one line."""
    said: Any = ""
    with suppress(json.JSONDecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        said = json.loads(problem.content)["status"]["error"]
    return " ".join(str(said).split()).rstrip(".")[:_TOLD]
