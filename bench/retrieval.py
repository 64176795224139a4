"""Whether the right passage comes back: gold evidence, no language model, no judge.

Ours is the product's own cutting, index and search; the peers rank the same passages by the same
vectors. Works on any folder with a set.json, a passages.jsonl and a questions.jsonl.
"""

import argparse
import asyncio
import json
import platform
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.gold import Asking, Gold, Metrics, by_category, intervals, mean, measure
from bench.peers import Peers, searchables, words_alone
from bench.shelf import Shelf, cut, ranking
from bench.vectors import Kept, default_cache
from vectorstore.embedding import BUNDLED, Embedder

LIMIT = 60  # hits asked for: recall is told down to 50


async def run(args: argparse.Namespace) -> dict[str, Any]:
    """The object of the measures, with intervals and categories besides."""
    gold = Gold.read(args.set)
    sessions = {one.id: f"{one.group}/{one.session}" for one in gold.passages if one.session}
    asked = [one for one in gold.questions if one.gold]
    embedder = Embedder(args.embedder)
    kept = Kept(embedder, args.cache)
    with tempfile.TemporaryDirectory() as folder:
        shelf = await Shelf.fill(cut(gold), kept, Path(folder))
        try:
            await kept.read_queries([one.text for one in asked])
            rows, times = await _ours(shelf, asked, sessions)
            peers = {} if args.no_peers else await _peers(shelf, asked, sessions)
        finally:
            await shelf.close()
            kept.close()
            await embedder.close()
    return {
        "bench": "retrieval",
        "set": gold.name,
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "embedder": args.embedder,
        "questions": len(asked),
        "ours": {**mean(rows), "p50_ms": median(times), "p95_ms": quantiles(times, n=20)[-1]},
        "peers": peers,
        "intervals": intervals(rows, asked),
        "categories": by_category(rows, asked),
    }


async def _ours(shelf: Shelf, asked: Sequence[Asking], sessions: dict[str, str]) -> tuple[list[Metrics], list[float]]:
    rows, times = [], []
    for one in asked:
        found = await shelf.search(one, LIMIT)
        if found.trouble:
            raise SystemExit(found.trouble)
        rows.append(measure(ranking(found, shelf.cut.whose), one, sessions))
        times.append(found.ms)
    return rows, times


async def _peers(shelf: Shelf, asked: Sequence[Asking], sessions: dict[str, str]) -> dict[str, Metrics]:
    vectors = await shelf.embedder.array(searchables(shelf.cut.passages))
    questions = dict(
        zip((one.id for one in asked), await shelf.embedder.array([one.text for one in asked]), strict=True)
    )
    peers = Peers(shelf, vectors, questions)
    found = {name: mean([measure(ranks(one), one, sessions) for one in asked]) for name, ranks in peers.all().items()}
    alone = [measure(await words_alone(shelf, one), one, sessions) for one in asked]
    return {"our BM25 alone": mean(alone), **found}


def table(found: dict[str, Any]) -> str:
    """A metric a line: ours with its interval, then each peer."""
    peers = found["peers"]
    lines = [f"{found['set']}, {found['questions']} questions, {found['embedder']}", ""]
    lines.append(f"{'':<18}{'ours':>8}{'95 %':>16}" + "".join(f"{name:>16}" for name in peers))
    for metric, value in found["ours"].items():
        low, high = found["intervals"].get(metric, (None, None))
        between = f"{low:.3f}-{high:.3f}" if low is not None else ""
        theirs = "".join(f"{peer[metric]:>16.3f}" if metric in peer else f"{'':>16}" for peer in peers.values())
        lines.append(f"{metric:<18}{value:>8.3f}{between:>16}{theirs}")
    if found["categories"]:
        shown = [name for name in ("recall@10", "hit@1", "mrr@10", "session_hit@1") if name in found["ours"]]
        lines += ["", f"{'ours, by category':<34}" + "".join(f"{name:>16}" for name in shown)]
        for kind, means in found["categories"].items():
            lines.append(f"{kind:<34}" + "".join(f"{means[name]:>16.3f}" for name in shown))
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench retrieval", description=__doc__)
    parser.add_argument(
        "--set", type=Path, required=True, help="a folder with set.json, passages.jsonl, questions.jsonl"
    )
    parser.add_argument("--embedder", default=BUNDLED, help="'bundled' or 'hf:' and a hub id or folder")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where vectors are kept")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    found = asyncio.run(run(args))
    print(table(found))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0
