"""A Qdrant server on 127.0.0.1: as much of its REST interface as an index needs, spoken to the unmodified SDK.

What is kept and found is the SDK's own local mode, which its makers hold against the server. ``Faults`` says what goes
wrong; ``asked`` lists what was asked for. It is a node: a cluster's ways are not here.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from qdrant_client import QdrantClient, models

_LARGEST = 32 << 20  # bytes of a request, as a server has it


@dataclass
class Faults:
    """What goes wrong: ``status`` is the answer to all but the server's name, with ``reason``; ``limited`` is how many
    requests are answered with 429, ``blind`` how many looks at a collection find none though it is there, ``slow`` how many seconds each takes, ``mute`` that none is answered, ``foreign`` makes it no Qdrant at all."""

    status: int = 0
    reason: str = "something broke"
    limited: int = 0
    blind: int = 0
    slow: float = 0.0
    mute: bool = False
    foreign: bool = False


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Any
    size: int


class Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class LoopbackQdrant:
    """``key`` may do everything, ``reading_key`` may read; without a key everybody may do everything. Points are put
    only while ``held`` is set; ``holding`` is, when somebody waits for it."""

    def __init__(self, version: str = "1.19.0", key: str = "", reading_key: str = "") -> None:
        self.version = version
        self.key = key
        self.reading_key = reading_key
        self.faults = Faults()
        self.asked: list[Asked] = []
        self.store = QdrantClient(":memory:")
        self.made: dict[str, dict[str, Any]] = {}
        self._indexes: dict[str, dict[str, Any]] = {}
        self.held, self.holding = Event(), Event()
        self.held.set()
        self.listens = False
        self._lock = Lock()
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, where it listened before."""
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = int(self._http.server_address[1])
        self._thread = Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.listens = True

    def stop(self) -> None:
        """Nobody can reach it; what it keeps stays."""
        self.listens = False
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def close(self) -> None:
        if self.listens:
            self.stop()
        self.store.close()

    def forget_collections(self) -> None:
        """As if its disk had been lost."""
        for one in self.store.get_collections().collections:
            self.store.delete_collection(one.name)
        self._indexes.clear()

    def ids(self, collection: str = "dramaturg") -> set[str]:
        return {str(one.id) for one in self.store.scroll(collection, limit=100_000)[0]}

    def answer(self, asked: Asked, key: str) -> Any:
        """The result, or Refused."""
        self.asked.append(asked)
        while self.faults.mute:
            time.sleep(0.02)
        if self.faults.slow:
            time.sleep(self.faults.slow)
        if not self.listens:
            raise Refused(503, "nobody is here any more")
        if asked.path == "/":
            return {"title": "qdrant - vector search engine", "version": self.version, "commit": "0" * 40}
        self._let_in(asked, key)
        if self.faults.status:
            raise Refused(self.faults.status, self.faults.reason)
        if self.faults.limited:
            self.faults.limited -= 1
            raise Refused(429, "Rate limiting exceeded: try again later")
        if asked.size > _LARGEST:
            raise Refused(413, "Payload too large")
        if asked.method == "PUT" and asked.path.endswith("/points") and not self.held.is_set():
            self.holding.set()
            self.held.wait(30)
        for method, pattern, work in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                with self._lock:
                    return work(self, found[1], asked.body)
        raise Refused(404, f"no such page: {asked.method} {asked.path}")

    def _let_in(self, asked: Asked, key: str) -> None:
        if self.key and key not in (self.key, self.reading_key):
            raise Refused(401, "Must provide an API key or an Authorization bearer token")
        reads = asked.method == "GET" or (
            re.search(r"/(scroll|count|batch|points)$", asked.path) and asked.method == "POST"
        )
        if self.key and key != self.key and not reads:
            raise Refused(403, "Forbidden: Global manage access is required")

    def _there(self, name: str) -> None:
        if not self.store.collection_exists(name):
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")

    def _look(self, name: str, body: Any) -> Any:
        self.faults.blind -= 1
        if self.faults.blind >= 0:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        self._there(name)
        info = to_jsonable_python(self.store.get_collection(name))
        info["payload_schema"] = self._indexes.get(name, {})
        for key in ("shard_number", "replication_factor", "write_consistency_factor"):
            if self.made.get(name, {}).get(key) is not None:
                info["config"]["params"][key] = self.made[name][key]
        return info

    def _make(self, name: str, body: Any) -> bool:
        wanted = models.CreateCollection.model_validate(body)
        if self.store.collection_exists(name):
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        self.store.create_collection(name, wanted.vectors, wanted.sparse_vectors, metadata=wanted.metadata)
        self.made[name] = body
        return True

    def _change(self, name: str, body: Any) -> bool:
        self._there(name)
        self.store.update_collection(name, metadata=models.UpdateCollection.model_validate(body).metadata)
        return True

    def _throw_away(self, name: str, body: Any) -> bool:
        self._indexes.pop(name, None)
        return self.store.delete_collection(name)

    def _index(self, name: str, body: Any) -> Any:
        self._there(name)
        wanted = models.CreateFieldIndex.model_validate(body)
        params = to_jsonable_python(wanted.field_schema, exclude_none=True)
        told = {"data_type": params["type"], "params": params, "points": 0}
        self._indexes.setdefault(name, {})[wanted.field_name] = told
        return _DONE

    def _put(self, name: str, body: Any) -> Any:
        self._there(name)
        self.store.upsert(name, models.PointsList.model_validate(body).points)
        return _DONE

    def _drop(self, name: str, body: Any) -> Any:
        self._there(name)
        self.store.delete(name, models.FilterSelector.model_validate(body))
        return _DONE

    def _scroll(self, name: str, body: Any) -> Any:
        self._there(name)
        wanted = models.ScrollRequest.model_validate(body)
        points, after = self.store.scroll(
            name,
            wanted.filter,
            limit=wanted.limit or 10,
            offset=wanted.offset,
            with_payload=True if wanted.with_payload is None else wanted.with_payload,
            with_vectors=wanted.with_vector or False,
        )
        return {"points": to_jsonable_python(points, exclude_none=True), "next_page_offset": after}

    def _count(self, name: str, body: Any) -> Any:
        self._there(name)
        wanted = models.CountRequest.model_validate(body)
        return to_jsonable_python(self.store.count(name, wanted.filter, exact=bool(wanted.exact)))

    def _query(self, name: str, body: Any) -> Any:
        self._there(name)
        wanted = models.QueryRequestBatch.model_validate(body)
        searches = [one.model_copy(update={"params": _exact(one.params)}) for one in wanted.searches]
        return to_jsonable_python(self.store.query_batch_points(name, searches), exclude_none=True)


def _exact(params: models.SearchParams | None) -> models.SearchParams | None:
    """Local mode looks at every vector and warns of what says how to look at fewer."""
    return models.SearchParams(idf=params.idf) if params and params.idf else None


_DONE = {"operation_id": 1, "status": "completed"}
_NAME = r"/collections/([^/]+)"
_ROUTES: tuple[tuple[str, str, Callable[[LoopbackQdrant, str, Any], Any]], ...] = (
    ("GET", _NAME, LoopbackQdrant._look),
    ("PUT", _NAME, LoopbackQdrant._make),
    ("PATCH", _NAME, LoopbackQdrant._change),
    ("DELETE", _NAME, LoopbackQdrant._throw_away),
    ("PUT", _NAME + "/index", LoopbackQdrant._index),
    ("PUT", _NAME + "/points", LoopbackQdrant._put),
    ("POST", _NAME + "/points/delete", LoopbackQdrant._drop),
    ("POST", _NAME + "/points/scroll", LoopbackQdrant._scroll),
    ("POST", _NAME + "/points/count", LoopbackQdrant._count),
    ("POST", _NAME + "/points/query/batch", LoopbackQdrant._query),
)


def _handler(qdrant: LoopbackQdrant) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts, content = urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(content) if content else None
            asked = Asked(self.command, unquote(parts.path), parse_qs(parts.query), body, len(content))
            try:
                result = qdrant.answer(asked, self.headers.get("api-key", ""))
            except Refused as refused:
                return self._send(refused.status, {"status": {"error": str(refused)}, "time": 0.0, "result": None})
            except (ValidationError, ValueError) as problem:
                reason = f"Format error in JSON body: {problem}"
                return self._send(400, {"status": {"error": reason}, "time": 0.0, "result": None})
            if qdrant.faults.foreign:
                return self._send(200, ["a web page"])
            return self._send(200, result if parts.path == "/" else {"result": result, "status": "ok", "time": 0.0})

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer

        def _send(self, status: int, told: Any) -> None:
            try:
                self._write(status, json.dumps(told).encode())
            except ConnectionError:  # who asked has waited long enough
                self.close_connection = True

        def _write(self, status: int, content: bytes) -> None:
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    return Handler


@contextmanager
def loopback_qdrant(**how: Any) -> Iterator[LoopbackQdrant]:
    server = LoopbackQdrant(**how)
    try:
        yield server
    finally:
        server.close()
