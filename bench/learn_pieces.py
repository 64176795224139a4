"""Learns what a word piece is projected to, from questions whose evidence is known, and writes it as data.

    python -m bench learn_pieces --tales FOLDER

MiniLM stays as it is. Learned are two matrices over its last layer, one for a question's pieces and one for a
passage's, and how much a piece of a question counts. They begin as principal components and are taught once over to
pick the gold among a search's candidates beside the score it gives them without pieces (softmax): twice over is better
for tales and worse for all else. Tales that learn_weights looks at are not looked at here, or pieces would weigh too much.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from numpy.typing import NDArray
from openvino import opset13 as op
from safetensors.numpy import load_file, save_file

from bench.gold import Asking, Gold
from bench.shelf import Shelf, cut
from bench.vectors import Kept, default_cache
from vectorstore import minilm
from vectorstore.embedding import Embedder, batched_by_length
from vectorstore.fusion import weights
from vectorstore.pieces import WIDTH
from vectorstore.query import Query
from vectorstore.search import DEPTH
from vectorstore.sight import visible
from vectorstore.signals import NEARER, rate
from vectorstore.store import Asked, searchable

HARD, EASY = 16, 8  # candidates beside the gold: the best by the score without pieces, and any of the others
STEP, AT_ONCE = 1e-3, 16  # of the descent, and questions that take it together
WARM = 30  # steps until it is at its full length
SAMPLED = 40_000  # pieces whose principal components it begins with
BEGIN = 0.55  # what every piece of a question counts at first, before softplus
SCALE = 2.0  # what pieces weigh at first, as learn_weights would have it


@dataclass(frozen=True, slots=True)
class Study:
    """One question: its pieces [pieces, 384], its candidates' texts, their score without pieces, which are gold."""

    asked: NDArray[np.float16]
    texts: list[str]
    base: NDArray[np.float32]
    gold: NDArray[np.bool_]


class Layer:
    """MiniLM's last layer, of the pieces that are the text's own; ``asked``: of those a question counts."""

    def __init__(self) -> None:
        ids, mask = (op.parameter([-1, -1], np.int64, name=name) for name in ("ids", "mask"))
        _, x = minilm.encoded(load_file(minilm.bundled_folder() / "model.safetensors"), ids, mask)
        self._request = ov.Core().compile_model(ov.Model([x], [ids, mask]), "CPU").create_infer_request()
        self._tokens = minilm.tokenizer()
        self._points = minilm.points(self._tokens)

    def read(self, texts: Sequence[str], asked: bool = False) -> dict[str, NDArray[np.float16]]:
        found = {}
        for batch in batched_by_length(texts):
            ids, mask = minilm.numbered(self._tokens, [texts[place] for place in batch])
            layer = np.array(self._request.infer([ids, mask])[0], np.float16)
            for place, own, row in zip(batch, ids, layer, strict=True):
                found[texts[place]] = row[minilm.told(own, self._points if asked else None)]
        return found


async def studies(gold: Gold, kept: Kept, layer: Layer) -> list[Study]:
    asked = [one for one in gold.questions if one.gold]
    await kept.read_queries([one.text for one in asked])
    read = layer.read(list(dict.fromkeys(one.text for one in asked)), asked=True)
    with tempfile.TemporaryDirectory() as folder:
        shelf = await Shelf.fill(cut(gold), kept, Path(folder))
        try:
            made = [await _study(shelf, one, read[one.text]) for one in asked]
        finally:
            await shelf.close()
    return [one for one in made if one.gold.any() and len(one.asked)]


async def _study(shelf: Shelf, asked: Asking, read: NDArray[np.float16]) -> Study:
    where = visible(Query(shelf.cut.sight(asked), asked.text))
    assert where is not None
    vectors = tuple(one.vector for one in await shelf.embedder.read_queries([asked.text]))
    found = await shelf.store.survey(where, Asked((asked.text,), vectors, (), DEPTH))
    by = weights(pieces=False)["texts"]
    base = sum(by[name] * numbers for name, numbers in rate(found.scene, found.phrasings[0], by).items())
    gold = np.isin([shelf.cut.whose[one.id] for one in found.scene.stored], asked.gold)
    texts = [searchable(one.passage) for one in found.scene.stored]
    return Study(read, texts, np.asarray(base, np.float32), gold)


class Projection(torch.nn.Module):
    """What is learned; ``worth`` and ``trust``, what pieces and the score without them weigh, are not kept."""

    def __init__(self, centre: NDArray[np.float32], main: NDArray[np.float32]) -> None:
        super().__init__()
        self.centre = torch.tensor(centre)
        self.passage = torch.nn.Parameter(torch.tensor(main))
        self.question = torch.nn.Parameter(torch.tensor(main))
        self.counts = torch.nn.Parameter(torch.zeros(len(centre), 1))
        self.bias = torch.nn.Parameter(torch.full((1,), BEGIN))
        self.worth = torch.nn.Parameter(torch.tensor(SCALE))
        self.trust = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, asked: torch.Tensor, told: torch.Tensor, whose: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
        """The score of each candidate: ``told`` are all their pieces, ``whose`` says which one's."""
        length = torch.nn.functional.normalize
        products = length((told - self.centre) @ self.passage) @ length((asked - self.centre) @ self.question).T
        none = torch.full((len(base), len(asked)), -2.0)
        best = none.scatter_reduce(0, whose[:, None].expand(-1, len(asked)), products, "amax")
        counts = torch.nn.functional.softplus((asked - self.centre) @ self.counts + self.bias)
        return NEARER * self.worth * (best @ counts)[:, 0] / counts.sum() + self.trust * base

    def kept(self) -> dict[str, NDArray[np.float16]]:
        learned = {name: getattr(self, name).detach() for name in ("passage", "question", "counts", "bias", "centre")}
        return {name: numbers.numpy().astype(np.float16) for name, numbers in learned.items()}


def components(told: Sequence[NDArray[np.float16]], chance: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
    """The mean of the pieces, and their ``WIDTH`` principal components."""
    pieces = np.concatenate(told)
    some = pieces[np.sort(chance.permutation(len(pieces))[:SAMPLED])].astype(np.float32)
    centre = some.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((some - centre).T))
    return centre, np.ascontiguousarray(axes[:, ::-1][:, :WIDTH], np.float32)


def learn(given: Sequence[Study], told: dict[str, NDArray[np.float16]]) -> dict[str, NDArray[np.float16]]:
    """``told`` are the pieces of every text."""
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    net = Projection(*components(list(told.values()), chance))
    descent = torch.optim.Adam(net.parameters(), lr=STEP)
    order = chance.permutation(len(given))
    steps = max(1, len(order) // AT_ONCE)
    for step in range(steps):
        for group in descent.param_groups:
            group["lr"] = STEP * min(1.0, (step + 1) / WARM) * max(0.05, 1 - step / steps)
        some = [given[place] for place in order[step * AT_ONCE : (step + 1) * AT_ONCE]]
        loss = torch.stack([_loss(net, one, told, chance) for one in some]).mean()
        descent.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        if step % 50 == 0:
            print(f"{step} of {steps}: {float(loss.detach()):.3f}", flush=True)
    return net.kept()


def _loss(net: Projection, one: Study, told: dict[str, NDArray[np.float16]], chance: np.random.Generator) -> Any:
    """Any passage of the gold will do, as in learn_weights; a few candidates stand for all."""
    others = np.argsort(-one.base, kind="stable")
    others = others[~one.gold[others]]
    more = chance.permutation(others[HARD:])[:EASY]
    chosen = np.concatenate([np.flatnonzero(one.gold), others[:HARD], more])
    parts = [told[one.texts[place]] for place in chosen]
    whose = torch.tensor(np.repeat(np.arange(len(parts)), [len(part) for part in parts]))
    pieces = torch.tensor(np.concatenate(parts).astype(np.float32))
    scores = net(torch.tensor(one.asked.astype(np.float32)), pieces, whose, torch.tensor(one.base[chosen]))
    return -torch.logsumexp(torch.log_softmax(scores, 0)[: int(one.gold.sum())], 0)


def unseen(gold: Gold, one_in: int) -> Gold:
    """Two of every so many groups, none of them one that learn_weights learns from."""
    names = list(dict.fromkeys(one.group for one in gold.passages))
    mine = {*names[1::one_in], *names[2::one_in]}
    passages = tuple(one for one in gold.passages if one.group in mine)
    return replace(gold, passages=passages, questions=tuple(one for one in gold.questions if one.group in mine))


async def run(args: argparse.Namespace) -> dict[str, NDArray[np.float16]]:
    embedder = Embedder()
    kept, layer = Kept(embedder, args.cache), Layer()
    try:
        given = await studies(unseen(Gold.read(args.tales), args.groups), kept, layer)
    finally:
        kept.close()
        await embedder.close()
    print(f"{len(given)} questions")
    return learn(given, layer.read(list(dict.fromkeys(_texts(given)))))


def _texts(given: Sequence[Study]) -> Iterator[str]:
    for one in given:
        yield from one.texts


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench learn_pieces", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--tales", type=Path, required=True, help="a folder of documents to learn from")
    parser.add_argument("--out", type=Path, default=minilm.PIECES)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--groups", type=int, default=4, help="of so many groups, learn from the second and third")
    args = parser.parse_args(argv)
    save_file(asyncio.run(run(args)), args.out)
    return 0
