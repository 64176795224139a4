"""Passages a second of learning: reading, splitting, the ledger, embedding and the index, all of it.

Beside it the embedding model alone on the very same passages. Models are loaded before the clocks start.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bench.embed import raw_speed
from bench.measure import Found, arguments, found, give
from bench.room import BUNDLED, settings, silent
from bot import passages
from bot.app import App, open_app
from bot.shows import choose_show
from memory import Show
from vectorstore.store import searchable

WORDS = [
    "the",
    "keeper",
    "lamp",
    "harbour",
    "rope",
    "bell",
    "storm",
    "boat",
    "stone",
    "of",
    "and",
    "turned",
    "over",
    "while",
    "nobody",
    "saw",
    "letter",
    "ledger",
    "toll",
    "market",
    "bridge",
    "river",
    "winter",
    "copper",
    "kettle",
    "cousin",
    "promise",
    "debt",
    "window",
    "orchard",
    "whistle",
    "a",
    "in",
    "under",
    "after",
    "because",
]


def write_files(folder: Path, files: int, seed: int = 7) -> None:
    """Markdown of a few headed sections with paragraphs of story-like length, the same at each run."""
    chance = random.Random(seed)
    for number in range(files):
        parts = [f"# Notes {number}"]
        for section in range(chance.randint(2, 5)):
            parts.append(f"## {' '.join(chance.choices(WORDS, k=3))} {section}")
            parts += [paragraph(chance) for _ in range(chance.randint(1, 4))]
        (folder / f"notes-{number:05}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def paragraph(chance: random.Random) -> str:
    sentences = [" ".join(chance.choices(WORDS, k=chance.randint(6, 20))) for _ in range(chance.randint(3, 8))]
    return " ".join(f"{sentence.capitalize()}." for sentence in sentences)


async def ours(folder: Path) -> tuple[dict[str, float], list[str]]:
    """Figures of learning the folder into a new home, and the texts that were embedded."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = await open_app(stack, settings(home, BUNDLED))
        await app.embedder.start()
        show = await choose_show(app, "Bench")
        began = time.perf_counter()
        done = await app.learning.learn(show, [folder], "bench", silent)
        seconds = time.perf_counter() - began
        again = time.perf_counter()
        await app.learning.learn(show, [folder], "bench", silent)
        texts = await embedded(app, show)
        figures = speeds(len(texts), sum(map(len, texts)), seconds)
        size = sum(path.stat().st_blocks * 512 for path in home.rglob("*") if path.is_file())  # files may be sparse
        return figures | {
            "files": done.sources + done.entries,
            "files_skipped": len(done.skipped),
            "again_s": time.perf_counter() - again,
            "bytes_a_passage": size / max(1, len(texts)),
        }, texts


async def embedded(app: App, show: Show) -> list[str]:
    """What the index made vectors of, as the ledger has it now."""
    kept = [
        passages.of_source(found[2], found[0], found[1])
        for source in await app.ledger.sources.listing(show.tenant, show.id)
        if (found := await app.ledger.indexable.source(source.id))
    ]
    kept += [passages.of_entry(show, entry) for entry in await app.ledger.canon.listing(show.tenant, show.id)]
    return [searchable(passage) for cut in kept for passage in cut]


def speeds(count: int, characters: int, seconds: float) -> dict[str, float]:
    return {
        "passages": count,
        "seconds": seconds,
        "passages_per_s": count / seconds,
        "kchars_per_s": characters / seconds / 1000,
    }


def run(args: argparse.Namespace) -> Found:
    with tempfile.TemporaryDirectory() as made:
        folder = args.folder or Path(made)
        if args.folder is None:
            write_files(folder, args.files)
        mine, texts = asyncio.run(ours(folder))
        peers: dict[str, Mapping[str, float]] = {}
        if not args.no_peers:
            raw = len(texts) / raw_speed(texts, repeats=1)
            peers["raw embedder"] = speeds(len(texts), sum(map(len, texts)), raw)
    what = args.folder.name if args.folder else f"{args.files} Markdown files made from a seed"
    return found("learn", what, mine, peers)


def main(argv: list[str]) -> int:
    parser = arguments("learn", __doc__)
    parser.add_argument("--files", type=int, default=200, help="Markdown files to make and learn")
    parser.add_argument("--folder", type=Path, help="learn this folder instead")
    args = parser.parse_args(argv)
    return give(run(args), args)
