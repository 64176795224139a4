"""Remote: an index in a Qdrant server, as it is reached from the index process; imported only there.

Every method blocks. Searches and changes may come from two threads: they share nothing but the line, whether the server
is away, and the counts of words, which a change declares outdated. Knows nothing of pipes, of how passages are ranked
or of the embedder.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from qdrant_client import models

from vectorstore.address import Address
from vectorstore.collection import Collection
from vectorstore.errors import IndexFault, StoreDamaged
from vectorstore.find import Ranked, Survey
from vectorstore.layout import DENSE, WORDS, misfit
from vectorstore.line import WRITE, WRITING, Line
from vectorstore.outage import Outage
from vectorstore.query import Query
from vectorstore.rarity import Rarities
from vectorstore.reader import Reader
from vectorstore.recent import Recent
from vectorstore.remote_engine import RemoteEngine
from vectorstore.remote_query import as_filter, sparse
from vectorstore.remote_search import RemoteSearch
from vectorstore.sight import Condition, Where
from vectorstore.sparse import Words
from vectorstore.store import Arm, Asked, Entered
from vectorstore.written import Written, write

COUNTED = 20.0  # seconds for which a word is as rare as it was, whatever other programs write
_LOOKED = 30.0  # seconds after which it is looked whether the collection is still ours
_RECENT = 4096  # points
_BYTES = 8 << 20  # of one request; a server takes 32 MB
_NUMBER = 22  # bytes that a number takes in JSON
_IDS = 10_000  # in one filter


class Remote:
    """Opens itself with the first call, and again as long as that fails. A collection is made only by ``open`` and
    ``renew`` that are told how many numbers a vector has."""

    def __init__(self, address: Address, embedder: str) -> None:
        self._name = address.collection
        self._line = Line(address)
        self._collection = Collection(self._line, self._name, embedder)
        self._looked = 0.0
        self._outage = Outage(lambda: self._look(0.0))
        self._rarities = Rarities(COUNTED)
        self._words = Words()
        self._engine = RemoteEngine(self._line, self._name, Recent(_RECENT))

    def open(self, dimension: int | None = None) -> None:
        """Is tried whatever failed before; if it fails, nobody waits for the next try."""
        self._outage.end()
        with self._outage.waiting():
            self._open(dimension)

    def renew(self, dimension: int) -> None:
        """Throw away what is in the collection, whoever made it, and start empty. No other collection is touched."""
        self._collection.renew(dimension)
        self._changed()
        self._looked = monotonic()

    def find(self, where: Where, asked: Asked, query: Query) -> Ranked:
        with self._looking():
            return self.reader(where, asked).find(where, asked, query)

    def survey(self, where: Where, asked: Asked) -> Survey:
        with self._looking():
            return self.reader(where, asked).survey(where, asked)

    def arms(self, where: Where, asked: Asked) -> list[Arm]:
        with self._looking():
            return self.reader(where, asked).arms(where, asked)

    def reader(self, where: Where, asked: Asked) -> Reader:
        """For one search."""
        for vector in asked.vectors:
            if len(vector) != self._collection.dimension:
                raise StoreDamaged(misfit(len(vector), self._collection.dimension))
        search = RemoteSearch(self._engine, where, asked, self._words, self._rarities)
        return Reader(search, self._words, self._rarities)

    def put(self, entered: Sequence[Entered]) -> None:
        self._look(0.0)
        for batch in _batches([write(self._words, one, self._collection.dimension) for one in entered]):
            points = [_point(one) for one in batch]
            self._line.ask(
                lambda client, points=points: client.upsert(  # type: ignore[misc]
                    self._name, points, wait=True, ordering=models.WriteOrdering.MEDIUM, timeout=WRITING
                ),
                WRITE,
            )
        self._changed()

    def drop(self, record: str, keep: Sequence[str]) -> None:
        self._look()
        condition = {"must": [{"key": "record", "match": {"value": record}}], "must_not": [{"has_id": list(keep)}]}
        gone = models.FilterSelector(filter=as_filter(condition))
        self._line.ask(
            lambda client: client.delete(
                self._name, gone, wait=True, ordering=models.WriteOrdering.MEDIUM, timeout=WRITING
            ),
            WRITE,
        )
        self._changed()

    def fingerprints(self, show: str, ids: Sequence[str] | None) -> dict[str, str]:
        self._look()
        must: list[Condition] = [{"key": "show", "match": {"value": show}}] if show else []
        if ids is None:
            return dict(self._engine.every({"must": must}))
        some = (list(ids[start : start + _IDS]) for start in range(0, len(ids), _IDS))
        return {one: mark for part in some for one, mark in self._engine.every({"must": [*must, {"has_id": part}]})}

    def clear(self) -> None:
        self._look()
        self._collection.empty()
        self._changed()

    def version(self) -> str:
        """The server's version."""
        return self._collection.version()

    def close(self) -> None:
        self._outage.end()
        self._line.close()

    def _look(self, every: float = _LOOKED) -> None:
        """Whether the collection is there and ours: other programs may make it anew, with another embedder."""
        if not self._looked:
            self._open()
        elif monotonic() - self._looked > every:
            self._check()

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """The same while a search is under way: if it is not ours, what was found is shown to nobody. Nobody waits
        during an outage."""
        with self._outage.waiting():
            if not self._looked:
                self._open()
            due = monotonic() - self._looked > _LOOKED
            checking = self._line.beside(lambda _: self._check()) if due else None
            try:
                yield
            finally:
                if checking is not None:
                    checking.result()

    def _open(self, dimension: int | None = None) -> None:
        self._collection.open(dimension)
        self._looked = monotonic()

    def _changed(self) -> None:
        self._rarities.outdate()
        self._outage.end()

    def _check(self) -> None:
        try:
            self._collection.check()
        except IndexFault:
            self._looked = 0.0
            raise
        self._looked = monotonic()


def _batches(made: Sequence[Written]) -> Iterator[list[Written]]:
    """As many as one request may hold; one at least."""
    batch: list[Written] = []
    held = 0
    for one in made:
        size = _size(one)
        if batch and held + size > _BYTES:
            yield batch
            batch, held = [], 0
        batch.append(one)
        held += size
    if batch:
        yield batch


def _size(one: Written) -> int:
    """About how many bytes it takes as JSON; letters of all scripts are told as they are."""
    texts = sum(len(value.encode()) for value in one.payload.values() if isinstance(value, str))
    return _NUMBER * (len(one.dense) + 2 * len(one.words.indices)) + texts + 1000


def _point(one: Written) -> models.PointStruct:
    vectors = {DENSE: list(one.dense), WORDS: sparse(one.words)}
    return models.PointStruct(id=one.id, vector=vectors, payload=one.payload)
