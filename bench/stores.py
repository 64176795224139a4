"""Other stores a program can carry inside itself, asked what ours is asked: qdrant-client's local mode,
Chroma and LanceDB, each as its documentation has it. Knows nothing of ours.

Chroma has no hybrid search in its embedded form: it is asked by meaning alone.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from bench.measure import since
from vectorstore.sparse import Words

DEPTH, LIMIT, BATCH = 64, 8, 1000

Search = Callable[[str, list[float]], object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    tenant: str
    text: str
    vector: list[float]


Fill = Callable[[Iterable[Row], Path, str], Search]
"""Rows, a folder and the tenant to search for; what comes back searches."""


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch


def local_mode(rows: Iterable[Row], folder: Path, tenant: str) -> Search:
    """Dense and BM25, 64 of each, fused by Qdrant's own DBSF."""
    qdrant, words = import_module("qdrant_client"), Words()
    models = qdrant.models
    warnings.filterwarnings("ignore", message="Local mode is not recommended")
    client = qdrant.QdrantClient(":memory:")
    client.create_collection(
        "c",
        vectors_config={"dense": models.VectorParams(size=384, distance=models.Distance.COSINE)},
        sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )

    def sparse(found: Any) -> Any:
        return models.SparseVector(indices=list(found.indices), values=list(found.values))

    for batch in batches(rows):
        given = [
            models.PointStruct(
                id=one.id,
                vector={"dense": one.vector, "bm25": sparse(words.passage(one.text))},
                payload={"tenant": one.tenant, "text": one.text},
            )
            for one in batch
        ]
        client.upsert("c", given)
    seen = models.Filter(must=[models.FieldCondition(key="tenant", match=models.MatchValue(value=tenant))])

    def search(text: str, vector: list[float]) -> object:
        arms = [
            models.Prefetch(query=vector, using="dense", filter=seen, limit=DEPTH),
            models.Prefetch(query=sparse(words.query(text)), using="bm25", filter=seen, limit=DEPTH),
        ]
        return client.query_points("c", prefetch=arms, query=models.FusionQuery(fusion=models.Fusion.DBSF), limit=LIMIT)

    return search


def chroma(rows: Iterable[Row], folder: Path, tenant: str) -> Search:
    """By meaning alone, 100 neighbours."""
    chromadb = import_module("chromadb")
    client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
    made = client.create_collection("passages", configuration={"hnsw": {"space": "cosine"}})
    for batch in batches(rows):
        made.add(
            ids=[one.id for one in batch],
            embeddings=[one.vector for one in batch],
            documents=[one.text for one in batch],
            metadatas=[{"tenant": one.tenant} for one in batch],
        )

    def search(text: str, vector: list[float]) -> object:
        return made.query(query_embeddings=[vector], n_results=DEPTH, where={"tenant": tenant})

    return search


def lance(rows: Iterable[Row], folder: Path, tenant: str) -> Search:
    """Hybrid: vectors and full text, fused by its own reciprocal ranks."""
    lancedb = import_module("lancedb")
    given = (
        [{"id": one.id, "tenant": one.tenant, "text": one.text, "vector": one.vector} for one in batch]
        for batch in batches(rows, 10 * BATCH)
    )
    table = lancedb.connect(str(folder)).create_table("passages", next(given))
    for more in given:
        table.add(more)
    table.create_fts_index("text")
    table.create_scalar_index("tenant")

    def search(text: str, vector: list[float]) -> object:
        asked = table.search(query_type="hybrid").vector(vector).distance_type("cosine").text(text)
        return asked.where(f"tenant = '{tenant}'", prefilter=True).limit(DEPTH).to_list()

    return search


PEERS: dict[str, tuple[str, Fill]] = {
    "qdrant-client local mode": ("qdrant_client", local_mode),
    "Chroma (dense only)": ("chromadb", chroma),
    "LanceDB": ("lancedb", lance),
}


def available() -> dict[str, Fill]:
    """Those that are installed; the others are named."""
    found = {}
    for name, (package, fill) in PEERS.items():
        try:
            import_module(package)
        except ModuleNotFoundError:
            print(f"{name} is left out: the package {package} is not installed.")
        else:
            found[name] = fill
    return found


def timed(search: Search, asked: Iterable[tuple[str, list[float]]]) -> list[float]:
    """Milliseconds of each; the first question is asked once before."""
    questions = list(asked)
    times = []
    for text, vector in (questions[0], *questions):
        began = time.perf_counter()
        search(text, vector)
        times.append(since(began))
    return times[1:]
