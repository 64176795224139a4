"""Learns the weights of the signals from questions whose evidence is known, and writes them as data.

Turns learn from conversations, texts from documents. The loss is that of picking the gold passage
among the candidates (softmax), with a little shrinking; nothing but one number a signal is learned.
For conversations it prints what each scores with weights learned on the others.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.gold import Asking, Gold, Metrics, mean, measure
from bench.shelf import Shelf, cut
from bench.vectors import Kept, default_cache
from vectorstore.embedding import Embedder
from vectorstore.query import Query
from vectorstore.search import DEPTH, survey
from vectorstore.sight import visible
from vectorstore.signals import SIGNALS, rate
from vectorstore.store import Asked

NAMES = [signal.__name__ for signal in SIGNALS]
SHRINK = 1e-3
SMALL = 0.02  # a weight below this is left out


@dataclass(frozen=True, slots=True)
class Lesson:
    """One question's candidates: ``rated`` [candidates, signals], ``whose`` the set's passages, and which are gold."""

    asked: Asking
    rated: NDArray[np.float32]
    whose: list[str]
    gold: NDArray[np.float32]


async def lessons(gold: Gold, kept: Kept, asked: Sequence[Asking]) -> list[Lesson]:
    await kept.array([one.text for one in asked])
    with tempfile.TemporaryDirectory() as folder:
        shelf = await Shelf.fill(cut(gold), kept, Path(folder))
        try:
            return [await _lesson(shelf, one) for one in asked]
        finally:
            await shelf.close()


async def _lesson(shelf: Shelf, asked: Asking) -> Lesson:
    where = visible(Query(shelf.cut.sight(asked), asked.text))
    assert where is not None
    vectors = tuple(await shelf.embedder.aembed_queries([asked.text]))
    found = await survey(shelf.store, where, Asked((asked.text,), vectors, (), DEPTH))
    signals = rate(found.scene, found.phrasings[0])
    whose = [shelf.cut.whose[one.id] for one in found.scene.stored]
    rated = np.stack([signals[name] for name in NAMES], axis=1).astype(np.float32)
    return Lesson(asked, rated, whose, np.isin(whose, asked.gold).astype(np.float32))


def learn(given: Sequence[Lesson], names: Sequence[str]) -> dict[str, float]:
    """The weights of ``names`` that make the gold passages likeliest."""
    columns = [NAMES.index(name) for name in names]
    useful = [one for one in given if one.gold.any()]
    most = max(len(one.gold) for one in useful)
    rated = np.zeros((len(useful), most, len(columns)), np.float32)
    gold = np.zeros((len(useful), most), np.float32)
    shown = np.full((len(useful), most), -1e9, np.float32)
    for row, one in enumerate(useful):
        rated[row, : len(one.gold)] = one.rated[:, columns]
        gold[row, : len(one.gold)] = one.gold / one.gold.sum()
        shown[row, : len(one.gold)] = 0
    flat, wanted = rated.reshape(-1, len(columns)), np.einsum("qc,qcs->s", gold, rated) / len(useful)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = (flat @ weights.astype(np.float32)).reshape(shown.shape) + shown
        top = scores.max(axis=1, keepdims=True)
        raised = np.exp(scores - top)
        whole = raised.sum(axis=1, keepdims=True)
        slope = (raised / whole).reshape(-1) @ flat / len(useful) - wanted + SHRINK * weights
        value = float((np.log(whole) + top).mean() - wanted @ weights + SHRINK * weights @ weights / 2)
        return value, slope.astype(float)

    found = minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return {name: round(float(weight), 3) for name, weight in zip(names, found, strict=True) if abs(weight) >= SMALL}


def score(given: Sequence[Lesson], weights: Mapping[str, float], sessions: Mapping[str, str]) -> list[Metrics]:
    """What these weights would be worth, before near-duplicates are taken out and neighbours joined."""
    row = np.array([weights.get(name, 0.0) for name in NAMES], np.float32)
    ranked = [np.argsort(-(one.rated @ row), kind="stable") for one in given]
    return [
        measure(list(dict.fromkeys(one.whose[at] for at in order)), one.asked, sessions)
        for one, order in zip(given, ranked, strict=True)
    ]


def left_out(given: Sequence[Lesson], names: Sequence[str], sessions: Mapping[str, str]) -> Metrics:
    """Each group by weights that never saw it."""
    groups = sorted({one.asked.group for one in given})
    rows: list[Metrics] = []
    for group in groups:
        learned = learn([one for one in given if one.asked.group != group], names)
        rows += score([one for one in given if one.asked.group == group], learned, sessions)
    return mean(rows)


def sessions_of(gold: Gold) -> dict[str, str]:
    return {one.id: f"{one.group}/{one.session}" for one in gold.passages if one.session}


async def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    embedder = Embedder()
    kept = Kept(embedder, args.cache)
    found = json.loads(args.out.read_text(encoding="utf-8"))
    try:
        for folder in args.sets:
            gold = _part(Gold.read(folder), args.groups)
            given = await lessons(gold, kept, gold.questions[:: args.every])
            kind = "turns" if gold.conversation else "texts"
            names = [name for name in NAMES if args.every_signal or name in found[kind]]
            found[kind] = learn(given, names)
            if gold.conversation:
                print(f"{gold.name}, each group left out: {_line(left_out(given, names, sessions_of(gold)))}")
            else:
                fitted = score(given, found["texts"], {})
                print(f"{gold.name}, as learned: {_line(mean(fitted))}")
    finally:
        kept.close()
        await embedder.close()
    return found


def _part(gold: Gold, one_in: int) -> Gold:
    """Every so manyth group with its questions: learning needs no more."""
    names = set(list(dict.fromkeys(one.group for one in gold.passages))[::one_in]) if not gold.conversation else None
    if names is None or one_in == 1:
        return gold
    passages = tuple(one for one in gold.passages if one.group in names)
    questions = tuple(one for one in gold.questions if one.group in names)
    return Gold(gold.name, gold.conversation, gold.within, passages, questions)


def _line(metrics: Metrics) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in metrics.items())


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench learn_weights", description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+", help="one folder of conversations, one of documents")
    parser.add_argument("--out", type=Path, default=Path("vectorstore/weights.json"))
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--groups", type=int, default=1, help="of documents, learn from every so manyth group")
    parser.add_argument("--every", type=int, default=1, help="learn from every so manyth question")
    parser.add_argument(
        "--every-signal", action="store_true", help="learn a weight for each signal, not only for those in use"
    )
    args = parser.parse_args(argv)
    found = asyncio.run(run(args))
    args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return 0
