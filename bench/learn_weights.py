"""Learns the weights of the signals from questions whose evidence is known, and writes them as data.

    python -m bench learn_weights --tales FOLDER --conversations FOLDER

Nothing but one number a signal is learned: the loss is that of picking the gold among the candidates (softmax), with a
little shrinking. Of a text any passage will do that holds the gold; of turns all of them are wanted.
Turns learn from the conversations; it prints what each conversation scores with weights learned on the others. Texts
learn from three forms, so that they do not learn how one sort of document is cut: tales as they are, each section of a
tale as a document of its own, and conversations as learned chat logs. All of it twice: with the signals of pieces, and
for embedders that give none.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.gold import Asking, Given, Gold, Metrics, mean, measure
from bench.shelf import Shelf, cut
from bench.vectors import Kept, default_cache
from vectorstore.embedding import Embedder
from vectorstore.query import Query
from vectorstore.search import DEPTH
from vectorstore.sight import visible
from vectorstore.signals import NAMES, rate
from vectorstore.store import Asked

SHRINK = 1e-3
SMALL = 0.02  # a weight below this is left out
PIECED = ("pieces", "pieces_around", "pieces_wide")  # signals that not every embedder can give
LOGGED = 6  # turns in a passage of a chat log


Weights = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One question's candidates: ``rated`` [candidates, signals], ``whose`` the set's passages, and which are gold."""

    asked: Asking
    rated: NDArray[np.float32]
    whose: list[str]
    gold: NDArray[np.float32]


async def lessons(gold: Gold, kept: Kept, asked: Sequence[Asking]) -> list[Lesson]:
    await kept.read_queries([one.text for one in asked])
    with tempfile.TemporaryDirectory() as folder:
        shelf = await Shelf.fill(cut(gold), kept, Path(folder))
        try:
            return [await _lesson(shelf, one) for one in asked]
        finally:
            await shelf.close()


async def _lesson(shelf: Shelf, asked: Asking) -> Lesson:
    where = visible(Query(shelf.cut.sight(asked), asked.text))
    assert where is not None
    read = (await shelf.embedder.read_queries([asked.text]))[0]
    found = await shelf.store.survey(where, Asked((asked.text,), (read.vector,), (), DEPTH, (read.pieces,)))
    signals = rate(found.scene, found.phrasings[0])
    whose = [shelf.cut.whose[one.id] for one in found.scene.stored]
    rated = np.stack([signals[name] for name in NAMES], axis=1).astype(np.float32)
    return Lesson(asked, rated, whose, np.isin(whose, asked.gold).astype(np.float32))


def learn(
    given: Sequence[Lesson], names: Sequence[str], every: bool, trust: Sequence[float] | None = None
) -> dict[str, float]:
    """The weights of ``names`` that make the gold passages likeliest: ``every`` one of a question's, or any.
    ``trust`` is how much each lesson counts; alike without."""
    columns = [NAMES.index(name) for name in names]
    useful = [(one, trust[at] if trust else 1.0) for at, one in enumerate(given) if one.gold.any()]
    most = max(len(one.gold) for one, _ in useful)
    rated = np.zeros((len(useful), most, len(columns)), np.float32)
    gold = np.zeros((len(useful), most), np.float32)
    shown = np.full((len(useful), most), -1e9, np.float32)
    for row, (one, _) in enumerate(useful):
        rated[row, : len(one.gold)] = one.rated[:, columns]
        gold[row, : len(one.gold)] = one.gold
        shown[row, : len(one.gold)] = 0
    flat, counts = rated.reshape(-1, len(columns)), np.array([count for _, count in useful], np.float32)
    counts /= counts.sum()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = (flat @ weights.astype(np.float32)).reshape(shown.shape) + shown
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        held = np.maximum((likely * gold).sum(axis=1), 1e-30)
        if every:
            wanted = gold / gold.sum(axis=1, keepdims=True)
            cost = -(wanted * np.log(np.maximum(likely, 1e-30))).sum(axis=1)
        else:
            wanted, cost = likely * gold / held[:, None], -np.log(held)
        slope = ((likely - wanted) * counts[:, None]).reshape(-1) @ flat + SHRINK * weights
        return float(counts @ cost + SHRINK * weights @ weights / 2), slope.astype(float)

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
        learned = learn([one for one in given if one.asked.group != group], names, every=True)
        rows += score([one for one in given if one.asked.group == group], learned, sessions)
    return mean(rows)


def sessions_of(gold: Gold) -> dict[str, str]:
    return {one.id: f"{one.group}/{one.session}" for one in gold.passages if one.session}


async def run(args: argparse.Namespace) -> Weights:
    embedder = Embedder()
    kept = Kept(embedder, args.cache)
    before: Weights = json.loads(args.out.read_text(encoding="utf-8"))
    talks, tales = Gold.read(args.conversations), part(Gold.read(args.tales), args.groups)
    try:
        said = await lessons(talks, kept, [one for one in talks.questions if one.gold])
        given: list[Lesson] = []
        trust: list[float] = []
        for form, counts in ((tales, 2.0), (alone(tales), 1.0), (logged(talks), 1.0)):
            asked = [one for one in form.questions if one.gold][:: 1 if counts > 1 or form.name == talks.name else 2]
            more = await lessons(form, kept, asked)
            given += more
            trust += [counts / len(more)] * len(more)
    finally:
        kept.close()
        await embedder.close()
    found: Weights = {}
    for name, sets in before.items():
        known = [one for one in NAMES if name == "pieces" or one not in PIECED]
        turns, texts = (known if args.every_signal else list(sets[kind]) for kind in ("turns", "texts"))
        print(f"{name}: turns, each group left out: {_line(left_out(said, turns, sessions_of(talks)))}")
        found[name] = {"turns": learn(said, turns, every=True), "texts": learn(given, texts, every=False, trust=trust)}
        print(f"{name}: texts, as learned: {_line(mean(score(given, found[name]['texts'], {})))}")
    return found


def part(gold: Gold, one_in: int) -> Gold:
    """Every so manyth group with its questions: learning needs no more."""
    names = set(list(dict.fromkeys(one.group for one in gold.passages))[::one_in])
    passages = tuple(one for one in gold.passages if one.group in names)
    questions = tuple(one for one in gold.questions if one.group in names)
    return replace(gold, passages=passages, questions=questions)


def alone(gold: Gold) -> Gold:
    """Each passage a document of its own."""
    return replace(gold, passages=tuple(replace(one, group="") for one in gold.passages))


def logged(gold: Gold) -> Gold:
    """A conversation's sessions as learned chat logs, a few turns a passage; all are searched at once."""
    sessions: dict[tuple[str, str], list[Given]] = {}
    for one in sorted(gold.passages, key=lambda one: (one.group, one.order)):
        sessions.setdefault((one.group, one.session), []).append(one)
    passages: list[Given] = []
    where: dict[str, str] = {}
    for (group, session), turns in sessions.items():
        for order, start in enumerate(range(0, len(turns), LOGGED)):
            told = turns[start : start + LOGGED]
            log = f"{group}/{session}"
            text = "\n".join(f"{one.speaker}: {one.text}" for one in told)
            passages.append(Given(f"{log}/{order}", log, order, text, f"Chat of {told[0].date.split(' on ')[-1]}"))
            where |= dict.fromkeys((one.id for one in told), passages[-1].id)
    questions = tuple(
        replace(one, gold=tuple(dict.fromkeys(where[turn] for turn in one.gold if turn in where)))
        for one in gold.questions
    )
    return Gold(gold.name, False, False, tuple(passages), questions)


def _line(metrics: Metrics) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in metrics.items())


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench learn_weights", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--tales", type=Path, required=True, help="a folder of documents to learn from")
    parser.add_argument("--conversations", type=Path, required=True, help="a folder of conversations to learn from")
    parser.add_argument("--out", type=Path, default=Path("vectorstore/weights.json"))
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--groups", type=int, default=4, help="of documents, learn from every so manyth group")
    parser.add_argument(
        "--every-signal", action="store_true", help="learn a weight for each signal, not only for those in use"
    )
    args = parser.parse_args(argv)
    found = asyncio.run(run(args))
    args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return 0
