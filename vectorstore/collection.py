"""Collection: ours in a Qdrant server: how it is made, and whether it is one that we may use.

What a store says of itself lies in the collection's metadata. Two programs may make it at once. Runs in the index
process and is imported only there. Knows nothing of what is kept in it.
"""

import re
import time
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from vectorstore.errors import IndexFault, StoreDamaged, StoreGone, StoreUnmade
from vectorstore.layout import (
    CARE,
    DENSE,
    DEPTH,
    KEYWORDS,
    LINKS,
    LOOKED_UP,
    QUANTILE,
    SCANNED,
    TENANT,
    WORDS,
    about,
    differs,
)
from vectorstore.line import WRITE, WRITING, Line

OLDEST = (1, 19)  # weighs words by how rare they are among the points of a filter
_OURS = "dramaturg"  # the key under which the collection's metadata says what it is
_CONFLICT = 409
_HEARD, _MOMENT = 10, 0.2  # looks at a collection that was just made, and seconds between them
_COLD = models.Memory.COLD


class Collection:
    """``name`` on ``line``, for the vectors of an embedder."""

    def __init__(self, line: Line, name: str, embedder: str) -> None:
        self._line = line
        self._name = name
        self._embedder = embedder
        self._about = about(embedder, 0)  # until it is opened

    @property
    def dimension(self) -> int:
        """How many numbers a vector has, once it is opened."""
        return int(self._about["dimension"])

    def open(self, dimension: int | None = None) -> None:
        """Use what is there, or make it; without a ``dimension`` it is as the collection says, and StoreUnmade is
        raised where it says nothing. Raises StoreDamaged where only reindexing helps, and IndexFault where the
        collection is somebody else's."""
        self._check_version()
        there = self._found(dimension)
        if (said := self._said(there)) is not None:
            wanted = about(self._embedder, dimension or said.get("dimension", 0))
            if said != wanted:
                raise StoreDamaged(differs(said, wanted))
            self._about = wanted
        elif dimension is None:
            raise StoreUnmade(
                f"The collection {self._name} on the index's server is not set up; run dramaturg reindex."
            )
        else:
            self._about = about(self._embedder, dimension)
            self._adopt(there)
        self._index_payload(there)

    def check(self) -> None:
        """Whether it is still there and ours, which another program may have changed meanwhile."""
        said = self._said(self._info())
        if said != self._about:
            raise StoreDamaged(differs(said or {}, self._about))

    def renew(self, dimension: int) -> None:
        """Empty it; make it anew where its vectors are others. Touches nothing that is not ours."""
        self._check_version()
        try:
            there = self._info()
        except StoreGone:
            self.open(dimension)
            return
        self._about = about(self._embedder, dimension)
        if self._said(there) is None:
            self._adopt(there)
        if not self._fits(there):
            params = there.config.params
            self._line.ask(lambda client: client.delete_collection(self._name, timeout=WRITING), WRITE)
            self._make(params.shard_number, params.replication_factor, params.write_consistency_factor)
        else:
            self.empty()
            self._say()
        self._index_payload(self._made())

    def empty(self) -> None:
        everything = models.FilterSelector(filter=models.Filter())
        self._line.ask(lambda client: client.delete(self._name, everything, wait=True, timeout=WRITING), WRITE)

    def version(self) -> str:
        return self._line.ask(lambda client: client.info()).version

    def _check_version(self) -> None:
        version = self.version()
        numbers = re.match(r"v?(\d+)\.(\d+)", version)
        if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise IndexFault(f"The index's server is Qdrant {version} and must be {wanted} at least; update it.")

    def _info(self) -> models.CollectionInfo:
        return self._line.ask(lambda client: client.get_collection(self._name))

    def _found(self, dimension: int | None) -> models.CollectionInfo:
        try:
            return self._info()
        except StoreGone as gone:
            if dimension is None:
                raise StoreUnmade(str(gone)) from gone
        self._about = about(self._embedder, dimension)
        self._make()
        return self._made()

    def _made(self) -> models.CollectionInfo:
        """What was just made, by us or by another program: in a cluster not every node has heard of it at once."""
        for _ in range(_HEARD):
            try:
                return self._info()
            except StoreGone:
                time.sleep(_MOMENT)
        return self._info()

    def _said(self, there: models.CollectionInfo) -> dict[str, Any] | None:
        found = (there.config.metadata or {}).get(_OURS)
        return found if isinstance(found, dict) else None

    def _fits(self, there: models.CollectionInfo) -> bool:
        """Whether it has the vectors that we need."""
        dense = there.config.params.vectors
        one = dense.get(DENSE) if isinstance(dense, dict) else None
        words = (there.config.params.sparse_vectors or {}).get(WORDS)
        right = one is not None and one.distance == models.Distance.COSINE and one.size == self._about["dimension"]
        return right and words is not None and words.modifier == models.Modifier.IDF

    def _adopt(self, there: models.CollectionInfo) -> None:
        """One that was made for us beforehand says nothing yet, and is empty."""
        if there.points_count or not self._fits(there):
            raise IndexFault(
                f"The collection {self._name} on the index's server is not Dramaturg's; set index_collection to a name "
                f"that is free, or make it empty with a vector {DENSE!r} of {self._about['dimension']} numbers (cosine) "
                f"and a sparse one {WORDS!r} (IDF)."
            )
        self._say()

    def _say(self) -> None:
        said = {_OURS: self._about}
        self._line.ask(lambda client: client.update_collection(self._name, metadata=said, timeout=WRITING), WRITE)

    def _make(self, shards: int | None = None, replicas: int | None = None, writes: int | None = None) -> None:
        def make(client: QdrantClient) -> None:
            try:
                client.create_collection(
                    self._name,
                    vectors_config={DENSE: _dense(int(self._about["dimension"]))},
                    sparse_vectors_config={WORDS: _words()},
                    shard_number=shards,
                    replication_factor=replicas,
                    write_consistency_factor=writes,
                    payload=models.PayloadStorageParams(memory=_COLD),
                    metadata={_OURS: self._about},
                    timeout=WRITING,
                )
            except UnexpectedResponse as problem:
                if problem.status_code != _CONFLICT:  # another program was faster
                    raise

        self._line.ask(make, WRITE)

    def _index_payload(self, there: models.CollectionInfo) -> None:
        """Whatever another program has made already is left as it is."""
        for field, schema in _schemas().items():
            if field not in there.payload_schema:
                self._index(field, schema)

    def _index(self, field: str, schema: models.KeywordIndexParams | models.IntegerIndexParams) -> None:
        self._line.ask(
            lambda client: client.create_payload_index(self._name, field, schema, wait=True, timeout=WRITING), WRITE
        )


def _dense(dimension: int) -> models.VectorParams:
    """Scanned in bytes up to a size, by a graph of each tenant above it, and weighed again by the vectors themselves;
    on the disk and kept in memory as it is touched."""
    small = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=QUANTILE, memory=_COLD)
    return models.VectorParams(
        size=dimension,
        distance=models.Distance.COSINE,
        memory=_COLD,
        hnsw_config=models.HnswConfigDiff(
            m=0, payload_m=LINKS, ef_construct=CARE, full_scan_threshold=SCANNED, memory=_COLD
        ),
        quantization_config=models.ScalarQuantization(scalar=small),
    )


def _words() -> models.SparseVectorParams:
    return models.SparseVectorParams(modifier=models.Modifier.IDF, index=models.SparseIndexParams(memory=_COLD))


def _schemas() -> dict[str, models.KeywordIndexParams | models.IntegerIndexParams]:
    keyword, number = models.KeywordIndexType.KEYWORD, models.IntegerIndexType.INTEGER
    plain = models.KeywordIndexParams(type=keyword, enable_hnsw=False)
    cold = models.KeywordIndexParams(type=keyword, enable_hnsw=False, memory=_COLD)
    return {
        TENANT: models.KeywordIndexParams(type=keyword, is_tenant=True),
        **dict.fromkeys(KEYWORDS, plain),
        **dict.fromkeys(LOOKED_UP, cold),
        DEPTH: models.IntegerIndexParams(type=number, lookup=True, range=True, enable_hnsw=False, memory=_COLD),
    }
