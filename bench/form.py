"""Form: are pages in their format's form, and are their names from somewhere?

For each format, requests about a little show, written with the skeleton and by the model left
alone with the same prompt. Measured on the text alone: valid (`bench.valid`), names from nowhere as
a share of all names, and rep-4 (the share of four-word runs that were there before).
"""

import argparse
import asyncio
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import frontmatter

from bench.measure import Found, arguments, found, give
from bench.valid import VALID
from chains.format import Format
from chains.formats.load import load_formats
from chains.material import Material, gather, words
from chains.models import WriterSettings, open_writer
from chains.names import candidates
from chains.prompt import Cited, Message
from chains.skeleton import fill
from chains.slots import content
from chains.writer import Writer, Written

SHOW = (
    (
        "character",
        "Nell Harrow",
        (),
        "Nell Harrow keeps the seed vault. She counts every seed twice. Nell has not left the valley since the flood.",
    ),
    (
        "character",
        "Tam Wick",
        ("the postman",),
        "Tam Wick is the postman. He reads every card before he brings it. Tam loves the sea and has never seen it.",
    ),
    (
        "character",
        "Old Bessa",
        (),
        "Old Bessa sells honey at the gate. She remembers the flood and will not speak of it.",
    ),
    (
        "place",
        "The Seed Vault",
        (),
        "The Seed Vault is cut into the hill above the valley. Its door opens only from inside.",
    ),
    (
        "place",
        "The Dry Pier",
        (),
        "The Dry Pier stands in a meadow, nine miles from any water. Children fish from it for luck.",
    ),
    ("thing", "The blue seed", (), "The blue seed lies alone in the last drawer. Nobody knows what grows from it."),
    ("thing", "The wet card", (), "The wet card came without a stamp. It says only that the water is coming back."),
    (
        "event",
        "The Night of Lamps",
        (),
        "On the Night of Lamps everyone carries a light to the Dry Pier. Whoever's light goes out must tell a secret.",
    ),
    ("rule", "The First Rule", (), "No seed leaves the vault while the one who keeps it lives."),
)
ASK: Mapping[str, Sequence[str]] = {
    "chat": (
        "Who is {p1}?",
        "What do we know of {t1}?",
        "Where is {w1}?",
        "What could {p2} want?",
        "Tell me about {p1} and {p2}.",
    ),
    "plot": (
        "A plot where {p1} finds {t1}",
        "An outline about {p2} and {t2}",
        "A plot in five beats about {p1}",
        "A plot where {p2} lies to {p1}",
        "A story set at {w1}",
    ),
    "host": (
        "A host script about {p1} and {t1}, two segments",
        "A host script for an evening about {w1}",
        "Three segments on {t1}, {p2} and {w1}",
        "The host presents {p1}",
        "A host script about {t2}, one segment",
    ),
    "dialogue": (
        "Write a scene where {p1} finds {t1}",
        "A scene between {p1} and {p2}, 4 lines",
        "A scene at {w1} where {p2} asks about {t2}",
        "{p1} and {p2} argue about {t1}",
        "A scene where {p2} comes home at night",
    ),
    "lyrics": (
        "A song about {t1}, one verse",
        "A song {p1} sings at {w1}",
        "4 lines of a song about {p2}",
        "A song about {w1}",
        "A sad song about {t2}, one verse",
    ),
    "quest": (
        "A quest to find {t1}",
        "{p1} sends the player to {w1}",
        "A quest in 2 steps about {t2}",
        "A quest given by {p2}",
        "A quest that ends at {w1}",
    ),
    "ad": (
        "An ad for {w1}",
        "An ad for {t1}",
        "A spot in which {p1} sells {t2}",
        "A short ad for a visit to {w1}",
        "An ad for the show with {p2}",
    ),
    "vfx": (
        "A breakdown of the shot where {t1} burns",
        "VFX for {w1} at night",
        "A shot where {p1} falls",
        "Two shots of {t2} and {p2}",
        "The shot where {w1} is flooded",
    ),
}
_LABEL = re.compile(r"\*\*[^*\n]+\*\*:?|^\s*[-•]\s*(?:Practical|Digital|Sound):", re.M)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the show, as the bench reads it."""

    kind: str
    name: str
    aliases: tuple[str, ...]
    text: str


def read_show(folder: Path | None) -> list[Entry]:
    """The show written above, or a folder of Markdown with front-matter (kind, name, aliases)."""
    if folder is None:
        return [Entry(*row) for row in SHOW]
    posts = [frontmatter.load(str(path)) for path in sorted(folder.rglob("*.md"))]
    kept = [p for p in posts if p.get("kind") in ("character", "place", "thing", "event", "rule", "lore")]
    return [Entry(str(p["kind"]), str(p["name"]), tuple(p.get("aliases") or ()), p.content) for p in kept]


def requests(form: str, show: Sequence[Entry], many: int) -> list[str]:
    """``many`` requests for a format about this show, the same at each run."""
    of = {kind: [e.name for e in show if e.kind == kind] for kind in ("character", "place", "thing")}
    made = []
    for n in range(many):
        asked = ASK[form][n % len(ASK[form])]
        at = n // len(ASK[form]) + n
        pick = {
            key: of[kind][(at + step) % len(of[kind])]
            for key, kind, step in (
                ("p1", "character", 0),
                ("p2", "character", 1),
                ("w1", "place", 0),
                ("t1", "thing", 0),
                ("t2", "thing", 1),
            )
        }
        made.append(asked.format_map(pick))
    return made


def ground(form: Format, request: str, show: Sequence[Entry]) -> Material:
    """A prompt with the five entries that share most words with the request, and its material."""
    asked = content(request)
    near = sorted(
        show, key=lambda e: (-2 * len(content(e.name) & asked) - len(content(e.text) & asked), show.index(e))
    )[:5]
    passages = [Cited(n, str(n), e.name, "canon", e.kind, e.text.strip(), e.aliases) for n, e in enumerate(near, 1)]
    listed = "\n".join(f"[{p.n}] {p.title} ({p.kind}): {p.text}" for p in passages)
    system = f"You are a co-writer.{form.contract}\n\nExample:{form.example}"
    user = f"Passages:\n{listed}\n\n{request}\n{form.closing}"
    return gather([Message("system", system), Message("user", user)], request, passages=passages)


async def write(form: Format, material: Material, writer: Writer, *, guided: bool, seed: int) -> Written:
    sampling = replace(form.sampling, seed=seed)
    if guided and form.skeleton is not None:
        return await fill(form.skeleton, material, writer, sampling=sampling, tenant="bench")
    return await writer.write(material.messages, sampling, tokens=form.tokens, stop=form.stop, tenant="bench")


def measure(form: str, page: Written, material: Material) -> dict[str, float]:
    """1 or 0 for valid and non-empty; counts of names and of those from nowhere; rep-4."""
    body = _LABEL.sub("", page.text)
    names = candidates(body, frozenset(w for w in material.names if w not in {x.casefold() for x in _named(material)}))
    stray = [n for n in names if not any(w.casefold() in material.names for w in words(n))]
    grams = [
        tuple(w.lower() for w in words(line)[i : i + 4])
        for line in body.splitlines()
        for i in range(len(words(line)) - 3)
    ]
    return {
        "valid": float(VALID[form](page.text) == ""),
        "non_empty": float(bool(page.text.strip())),
        "names": float(len(names)),
        "new": float(len(stray)),
        "rep_4": 1 - len(set(grams)) / len(grams) if grams else 0.0,
        "seconds": page.usage.total_ms / 1000,
    }


def _named(material: Material) -> set[str]:
    return {
        w
        for source in (material.request, *material.passages, *material.cast)
        for n in candidates(source)
        for w in words(n)
    }


def summed(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means, with the names from nowhere as a share of all names."""
    mean = {key: sum(row[key] for row in rows) / len(rows) for key in ("valid", "non_empty", "rep_4", "seconds")}
    return {**mean, "new_names": sum(row["new"] for row in rows) / max(1.0, sum(row["names"] for row in rows))}


async def compare(args: argparse.Namespace) -> dict[str, Any]:
    show, formats = read_show(args.show), load_formats().named
    rows: dict[str, dict[str, list[dict[str, float]]]] = {"ours": {}, "alone": {}}
    with tempfile.TemporaryDirectory() as cache:
        writer = open_writer(args.writer, WriterSettings(Path(args.cache or cache)))
        try:
            await writer.ready()
            for name in args.formats or VALID:
                for n, request in enumerate(requests(name, show, args.requests)):
                    material = ground(formats[name], request, show)
                    for way in ("ours",) if args.no_peers else ("ours", "alone"):
                        page = await write(formats[name], material, writer, guided=way == "ours", seed=args.seed + n)
                        rows[way].setdefault(name, []).append(measure(name, page, material))
                        if args.pages:
                            print(
                                f"--- {name}, {way}: {request} [{VALID[name](page.text) or 'valid'}]\n{page.text}\n",
                                flush=True,
                            )
        finally:
            await writer.close()
    return {way: {name: summed(pages) for name, pages in of.items()} for way, of in rows.items() if of}


def run(args: argparse.Namespace) -> Found:
    """Metrics are named ``<format>.<metric>``, and ``<metric>`` for all."""
    flat = {way: _flat(of) for way, of in asyncio.run(compare(args)).items()}
    peers = {f"{args.writer} without the skeleton": flat["alone"]} if "alone" in flat else {}
    return found("form", str(args.show or "built in"), flat["ours"], peers)


def _flat(of: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    flat = {f"{name}.{key}": round(value, 4) for name, metrics in of.items() for key, value in metrics.items()}
    guided = list(of.values())
    return flat | {key: round(sum(m[key] for m in guided) / len(guided), 4) for key in guided[0]}


def matrix(result: Found) -> str:
    """A format a line, a metric a column: ours and the model left alone, side by side."""
    keys = ("valid", "non_empty", "new_names", "rep_4", "seconds")
    alone = next(iter(result["peers"].values()), {})
    names = [*dict.fromkeys(key.split(".")[0] for key in result["ours"] if "." in key), ""]
    lines = [f"{'with skeleton | alone':22}" + "".join(f"{key:>18}" for key in keys)]
    for name in names:
        at = f"{name}." if name else ""
        cells = [f"{result['ours'][at + key]:.2f} | " + (f"{alone[at + key]:.2f}" if alone else "-") for key in keys]
        lines.append(f"{name or 'all':22}" + "".join(f"{cell:>18}" for cell in cells))
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    parser = arguments("form", __doc__)
    parser.add_argument("--show", type=Path, help="a folder of Markdown entries instead of the built-in show")
    parser.add_argument("--requests", type=int, default=5, help="requests for each format")
    parser.add_argument("--formats", nargs="*", choices=list(VALID), help="only these formats")
    parser.add_argument("--writer", default="local:smollm2-135m-instruct")
    parser.add_argument("--cache", default="", help="where the prepared model is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages", action="store_true", help="print the pages too")
    args = parser.parse_args(argv)
    result = run(args)
    return give(result, args, matrix(result))
