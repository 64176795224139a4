"""How long a hybrid search takes with a tenant filter, at growing size, beside other stores a program can
carry inside itself.

Passages, vectors and questions come from a seed: texts of Zipf-distributed words, vectors around two
thousand topics. Ours is the whole search (child process, signals, diversity, neighbours), after the index
has optimized itself, once for all; a peer's is one query that fetches 64. ``recall@10`` is of the nearest by meaning,
against an exact scan. A million: ``--sizes 1000000 --no-peers``, and half an hour of two cores.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from zlib import crc32

import numpy as np

from bench.measure import Found, arguments, found, give, since, spread
from bench.stores import Row, available, batches, timed
from vectorstore import Origin, Passage, Query, Sight
from vectorstore.edge import EdgeStore
from vectorstore.embedding import Embedded
from vectorstore.generation import current
from vectorstore.index import Index
from vectorstore.shard import STEP
from vectorstore.sight import visible
from vectorstore.store import Asked, Entered, searchable

DIMENSION, VOCABULARY, LENGTH, TENANTS, TOPICS, BATCH = 384, 20_000, 80, 20, 2_000, 500
SEARCHED = "t1"
FIRST = 20  # questions that are put to an index that was just opened
REST = 50_000  # passages that are taken to be read through in a second
SPREAD = 0.7  # how far a passage lies from its topic: as far as stories' passages do from their nearest


class Seeded:
    """An embedder whose vectors depend on the text alone and cost nothing."""

    name = "seeded"

    def __init__(self) -> None:
        self._topics = np.random.default_rng(5).standard_normal((TOPICS, DIMENSION), np.float32)

    async def dimension(self) -> int:
        return DIMENSION

    async def read_passages(self, texts: Sequence[str]) -> list[Embedded]:
        return [Embedded(self.vector(text)) for text in texts]

    async def read_queries(self, texts: Sequence[str]) -> list[Embedded]:
        return await self.read_passages(texts)

    def vector(self, text: str) -> list[float]:
        number = crc32(text.encode())
        chance = np.random.default_rng(number)
        numbers = self._topics[number % TOPICS] + SPREAD * chance.standard_normal(DIMENSION, np.float32)
        return list((numbers / np.linalg.norm(numbers)).tolist())


def passages(size: int, seed: int = 7) -> Iterator[Passage]:
    """Documents of twenty passages, spread over the tenants."""
    chance = np.random.default_rng(seed)
    for number in range(size):
        words = " ".join(f"w{word}" for word in chance.zipf(1.2, LENGTH) % VOCABULARY)
        yield Passage(
            tenant=f"t{number // 20 % TENANTS}",
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


async def ours(size: int, asked: Sequence[str], folder: Path) -> dict[str, float]:
    """Milliseconds of searches, and what the index is like."""
    seeded, nearest = Seeded(), Nearest()
    store = await EdgeStore.open(folder, seeded.name, DIMENSION, "bench", step=max(STEP, size))
    began = time.perf_counter()
    for batch in batches(passages(size), BATCH):
        entered = [Entered(one, seeded.vector(searchable(one))) for one in batch]
        await store.put(entered)
        nearest.add(entered)
    filled = time.perf_counter() - began
    await store.settled()
    settled = time.perf_counter() - began - filled
    await store.close()
    found = await searched(folder, seeded, asked, nearest, rest=size / REST)
    size_on_disk = sum(path.stat().st_blocks * 512 for path in current(folder).rglob("*") if path.is_file())
    more = {"put_per_s": size / filled, "optimize_s": settled, "disk_mb": size_on_disk / 2**20}
    return {f"{name}@{size}": value for name, value in (found | more).items()}


async def searched(
    folder: Path, seeded: Seeded, asked: Sequence[str], nearest: "Nearest", rest: float
) -> dict[str, float]:
    """Milliseconds of searches: the first ones of a process that has just opened the index, and those ``rest``
    seconds later, when it has been read through."""
    began = time.perf_counter()
    index = await Index.open(folder, seeded, "bench")
    opened = time.perf_counter() - began
    first = [await _took(index, text) for text in questions(FIRST, seed=13)]
    await asyncio.sleep(rest)
    times = [await _took(index, text) for text in asked]
    alike = [len(nearest.ids(seeded.vector(one)) & await by_meaning(index, seeded, one)) / 10 for one in asked[:20]]
    memory = resident(index)
    await index.close()
    return spread(times) | {
        "first_p50_ms": median(first),
        "recall@10": mean(alike),
        "open_s": opened,
        "memory_mb": memory,
    }


async def _took(index: Index, text: str) -> float:
    began = time.perf_counter()
    await index.search(Query(Sight(SEARCHED, "s"), text))
    return since(began)


class Nearest:
    """The exact scan over the searched tenant's passages."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._rows: list[np.ndarray] = []

    def add(self, entered: Sequence[Entered]) -> None:
        mine = [one for one in entered if one.passage.tenant == SEARCHED]
        self._ids += [one.passage.id for one in mine]
        self._rows += [np.asarray(one.vector, np.float32) for one in mine]

    def ids(self, vector: list[float]) -> set[str]:
        scores = np.stack(self._rows) @ np.asarray(vector, np.float32)
        return {self._ids[place] for place in np.argsort(-scores)[:10]}


async def by_meaning(index: Index, seeded: Seeded, text: str) -> set[str]:
    where = visible(Query(Sight(SEARCHED, "s"), text))
    assert where is not None
    arms = await index._store.arms(where, Asked((text,), (seeded.vector(text),), (), 100))
    scores = next(arm.scores for arm in arms if arm.signal == "dense" and arm.origin is Origin.SOURCE)
    return set(sorted(scores, key=lambda one: -scores[one])[:10])


def resident(index: Index) -> float:
    """Megabytes of the index's process that are its own, without the files that are mapped; Linux only."""
    store = index._store
    status = Path(f"/proc/{store.pid}/status") if isinstance(store, EdgeStore) else Path("/none")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def rows(size: int) -> Iterator[Row]:
    seeded = Seeded()
    for one in passages(size):
        yield Row(one.id, one.tenant, one.text, seeded.vector(searchable(one)))


def run(args: argparse.Namespace) -> Found:
    """p50 and p95 in milliseconds by number of passages."""
    asked = questions(args.questions)
    mine: dict[str, float] = {}
    peers: dict[str, dict[str, float]] = {name: {} for name in ({} if args.no_peers else available())}
    seeded = Seeded()
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            mine |= asyncio.run(ours(size, asked, Path(folder)))
        for name in peers if size <= args.peer_limit else ():
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                search = available()[name](rows(size), Path(folder), SEARCHED)
                peers[name] |= spread(timed(search, [(text, seeded.vector(text)) for text in asked]), f"@{size}")
    return found("search", f"synthetic, {TENANTS} tenants, one searched", mine, peers)


def main(argv: list[str]) -> int:
    parser = arguments("search", __doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--peer-limit", type=int, default=100_000, help="the largest size a peer is asked to hold")
    args = parser.parse_args(argv)
    return give(run(args), args)
