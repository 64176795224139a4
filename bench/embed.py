"""How many passages a second the embedder takes, beside the raw model and beside torch.

Raw is the same OpenVINO model called in this process with sorted batches; the peer is
sentence-transformers on torch. ``raw_speed`` is what ``learn`` is measured against.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from bench.measure import Found, arguments, found, give, peer_module, since
from vectorstore.embedding import Embedder, batched_by_length
from vectorstore.minilm import MiniLM, bundled_folder

WORDS = ("keeper", "lamp", "harbour", "rope", "bell", "while", "storm", "turned", "boats", "over", "stone", "the", "of")


def texts(count: int, seed: int = 7) -> list[str]:
    """Story-like lengths: 60 to 240 words."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randint(60, 240))) for _ in range(count)]


def raw_speed(given: Sequence[str], repeats: int = 3) -> float:
    """Passages a second of the bundled model alone, in this process."""
    model = MiniLM()

    def all_of_them() -> None:
        for batch in batched_by_length(given):
            model.encode([given[place] for place in batch])

    return _speed(all_of_them, len(given), repeats)


async def embedder_speed(given: list[str], repeats: int = 3) -> tuple[float, float]:
    """Passages a second through the embedder's process, and milliseconds of a query."""
    embedder = Embedder()
    await embedder.start()
    speeds, waits = [], []
    for _ in range(repeats):
        started = time.perf_counter()
        await embedder.aembed_documents(given)
        speeds.append(len(given) / (time.perf_counter() - started))
    for number in range(20):
        started = time.perf_counter()
        await embedder.aembed_query(f"who rang bell number {number}?")
        waits.append(since(started))
    await embedder.close()
    return median(speeds), median(waits)


def torch_speed(given: Sequence[str], repeats: int = 3) -> tuple[float, float]:
    """Passages a second of sentence-transformers, and the smallest cosine between its vectors and ours."""
    model = peer_module("sentence_transformers").SentenceTransformer(str(bundled_folder()), device="cpu")

    def encode(some: Sequence[str]) -> Any:
        return model.encode(list(some), batch_size=32, normalize_embeddings=True, show_progress_bar=False)

    some = given[:16]
    like = (np.asarray(encode(some)) * MiniLM().encode(list(some))).sum(axis=1).min()
    return _speed(lambda: encode(given), len(given), repeats), float(like)


def _speed(work: Callable[[], object], count: int, repeats: int) -> float:
    speeds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        speeds.append(count / (time.perf_counter() - started))
    return median(speeds)


def run(args: argparse.Namespace) -> Found:
    given = texts(args.passages)
    speed, query = asyncio.run(embedder_speed(given))
    peers: dict[str, dict[str, float]] = {}
    if not args.no_peers:
        peers["raw model"] = {"passages_per_s": raw_speed(given)}
        torch, like = torch_speed(given)
        peers["torch"] = {"passages_per_s": torch, "least_cosine_to_ours": like}
    what = f"synthetic, {args.passages} passages of 60 to 240 words"
    return found("embed", what, {"passages_per_s": speed, "query_ms": query}, peers)


def main(argv: list[str]) -> int:
    parser = arguments("embed", __doc__)
    parser.add_argument("--passages", type=int, default=256)
    args = parser.parse_args(argv)
    return give(run(args), args)
