"""How long a hybrid search takes with a tenant filter, at growing size, beside qdrant-client's local mode.

Passages, vectors and questions come from a seed. Ours is the whole search (child process, fusion,
diversity, neighbours); the peer's is one hybrid query of the same depth.
"""

import argparse
import asyncio
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from qdrant_client import QdrantClient, models

from bench.measure import Found, arguments, found, give, since, spread
from vectorstore import Origin, Passage, Query, Sight
from vectorstore.index import Index
from vectorstore.sparse import Words
from vectorstore.store import searchable

DIMENSION, VOCABULARY, LENGTH, TENANTS, BATCH = 384, 20_000, 80, 4, 500


class Seeded:
    """An embedder whose vectors depend on the text alone and cost nothing."""

    name = "seeded"

    async def dimension(self) -> int:
        return DIMENSION

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.vector(text) for text in texts]

    async def aembed_queries(self, texts: Sequence[str]) -> list[list[float]]:
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> list[float]:
        numbers = np.random.default_rng(list(text.encode()[:64])).standard_normal(DIMENSION)
        return list((numbers / np.linalg.norm(numbers)).tolist())


def passages(size: int, seed: int = 7) -> Iterator[Passage]:
    """Texts of Zipf-distributed words, spread over the tenants."""
    chance = np.random.default_rng(seed)
    for number in range(size):
        words = " ".join(f"w{word}" for word in chance.zipf(1.2, LENGTH) % VOCABULARY)
        yield Passage(
            tenant=f"t{number % TENANTS}",
            show="s",
            origin=Origin.SOURCE,
            kind="text",
            record=f"doc{number // 20}",
            order=number % 20,
            text=words,
            title="",
            status="learned",
        )


def questions(count: int, seed: int = 11) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(f"w{int(chance.paretovariate(0.3)) % VOCABULARY}" for _ in range(8)) for _ in range(count)]


async def ours(size: int, asked: Sequence[str], folder: Path) -> list[float]:
    """Milliseconds of each search."""
    index = await Index.open(folder, Seeded(), "bench")
    batch: list[Passage] = []
    for passage in passages(size):
        batch.append(passage)
        if len(batch) == BATCH:
            await index.put(batch)
            batch = []
    await index.put(batch)
    times = []
    for text in (asked[0], *asked):
        started = time.perf_counter()
        await index.search(Query(Sight("t1", "s"), text))
        times.append(since(started))
    await index.close()
    return times[1:]


def local_mode(size: int, asked: Sequence[str]) -> list[float]:
    """The same points in qdrant-client's local mode, fused by Qdrant's own DBSF."""
    warnings.filterwarnings("ignore", message="Local mode is not recommended")
    client, words, seeded = QdrantClient(":memory:"), Words(), Seeded()
    client.create_collection(
        "c",
        vectors_config={"dense": models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)},
        sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )

    def sparse(found: Any) -> models.SparseVector:
        return models.SparseVector(indices=list(found.indices), values=list(found.values))

    points = [
        models.PointStruct(
            id=UUID(one.id).hex,
            vector={"dense": seeded.vector(searchable(one)), "bm25": sparse(words.passage(one.text))},
            payload={"tenant": one.tenant, "text": one.text},
        )
        for one in passages(size)
    ]
    for start in range(0, size, BATCH):
        client.upsert("c", points[start : start + BATCH])
    tenant = models.Filter(must=[models.FieldCondition(key="tenant", match=models.MatchValue(value="t1"))])

    def search(text: str) -> None:
        arms = [
            models.Prefetch(query=seeded.vector(text), using="dense", filter=tenant, limit=100),
            models.Prefetch(query=sparse(words.query(text)), using="bm25", filter=tenant, limit=100),
        ]
        client.query_points("c", prefetch=arms, query=models.FusionQuery(fusion=models.Fusion.DBSF), limit=8)

    times = _timed(search, asked)
    client.close()
    return times


def _timed(search: Callable[[str], None], asked: Sequence[str]) -> list[float]:
    times = []
    for text in (asked[0], *asked):
        started = time.perf_counter()
        search(text)
        times.append(since(started))
    return times[1:]


def run(args: argparse.Namespace) -> Found:
    """p50 and p95 in milliseconds by number of passages."""
    asked = questions(args.questions)
    mine: dict[str, float] = {}
    peer: dict[str, float] = {}
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            mine |= spread(asyncio.run(ours(size, asked, Path(folder))), f"@{size}")
        if not args.no_peers and size <= args.peer_limit:
            peer |= spread(local_mode(size, asked), f"@{size}")
    peers = {"qdrant-client local mode": peer} if peer else {}
    return found("search", f"synthetic, {TENANTS} tenants, one searched", mine, peers)


def main(argv: list[str]) -> int:
    parser = arguments("search", __doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--peer-limit", type=int, default=100_000, help="the largest size the peer is asked to hold")
    args = parser.parse_args(argv)
    return give(run(args), args)
