"""Likeness: the signals by which a passage is like the question, in its meaning and in its words.

Read off what is stored, for a candidate as for what stands before and after it, so that a changed neighbour
counts at once. Knows nothing of engines, of weights or of how the numbers are put together.
"""

import re

import numpy as np

from vectorstore.numbers import Numbers, standard
from vectorstore.pieces import WIDTH, nearest
from vectorstore.scene import Phrasing, Places, Scene, once

BEST = 3  # passages that speak for their whole record or day
STRESS = 1.5  # how much more a good passage counts than several fair ones
NEARER = 10.0  # how much a tenth of a cosine counts, so that its weight is of the size of the others
SATURATED = 2.0  # what a word can weigh in three passages together; in one it stays below 2.2

_SEVERAL = re.compile(
    r"\b(?:have|has|both)\b|\bhow (?:many|often)\b|哪些"
    r"|\b(?:what|which) (?:kind|type|sort|(?!(?:is|was|does|has)\b)\w+s)\b",
    re.IGNORECASE,
)


def meaning(scene: Scene, asked: Phrasing) -> Numbers:
    """Cosine of the passage and the question."""
    return _cosines(scene, asked)[:-1]


def nearness(scene: Scene, asked: Phrasing) -> Numbers:
    """The same as it stands, not in spreads: it counts for more where the best are nearer than the rest."""
    return NEARER * _cosines(scene, asked)[:-1]


def meaning_before(scene: Scene, asked: Phrasing) -> Numbers:
    return _cosines(scene, asked)[scene.before]


def meaning_after(scene: Scene, asked: Phrasing) -> Numbers:
    return _cosines(scene, asked)[scene.after]


def pieces(scene: Scene, asked: Phrasing) -> Numbers:
    """Each word piece of the question by the one in the passage that is nearest to it, as it stands."""
    return np.array(NEARER * _pieces(scene, asked)[:-1].sum(axis=1))


def pieces_around(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of the passage and its two neighbours read as one."""
    return np.array(NEARER * _widest(scene, asked).sum(axis=1))


def pieces_wide(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of five passages read as one, in spreads."""
    found = _pieces(scene, asked)
    further = (found[_twice(beside)] for beside in (scene.before, scene.after))
    return np.array(np.maximum.reduce([_widest(scene, asked), *further]).sum(axis=1))


def words(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25: how often the asked words occur, weighed by how rare they are."""
    return _by_words(scene, asked)[:-1]


def words_before(scene: Scene, asked: Phrasing) -> Numbers:
    return _by_words(scene, asked)[scene.before]


def words_after(scene: Scene, asked: Phrasing) -> Numbers:
    return _by_words(scene, asked)[scene.after]


def words_around(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25 of the passage and its two neighbours read as one."""
    _, rarity = _weights(scene, asked)
    return np.array(np.minimum(_window(scene, asked), SATURATED) @ rarity)


def words_wide(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25 of five passages read as one: two before, itself, two after."""
    weights, rarity = _weights(scene, asked)
    further = (_twice(beside) for beside in (scene.before, scene.after))
    return np.array(np.minimum(sum((weights[one] for one in further), _window(scene, asked)), SATURATED) @ rarity)


def covers(scene: Scene, asked: Phrasing) -> Numbers:
    """The share of the asked words, weighed by how rare they are, that occurs in the passage."""
    weights, rarity = _weights(scene, asked)
    return np.array((weights > 0)[:-1] @ rarity / max(float(rarity.sum()), 1e-9))


def covers_around(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of the passage and its two neighbours."""
    _, rarity = _weights(scene, asked)
    return np.array((_window(scene, asked) > 0) @ rarity / max(float(rarity.sum()), 1e-9))


@once
def pairs(scene: Scene, asked: Phrasing) -> Numbers:
    """The share of the question's pairs of adjacent words, rare ones counting more, that stand side by side here."""
    worth = {pair: sum(asked.words.get(word, 0.0) for word in pair) for pair in asked.pairs}
    whole = max(sum(worth.values()), 1e-9)
    shares = np.zeros(len(scene.stored))
    for place, one in enumerate(scene.stored):
        if one.pairs:
            shares[place] = sum(worth.get(pair, 0.0) for pair in sorted(one.pairs)) / whole
    return shares


@once
def together(scene: Scene, asked: Phrasing) -> Numbers:
    """How well the best three passages of the same record, or turns of the same day, answer."""
    rated = standard(words_around(scene, asked)) + standard(meaning(scene, asked)) / 2
    order = np.lexsort((-rated, scene.groups))
    ranked = scene.groups[order]
    place = np.arange(len(order)) - np.searchsorted(ranked, ranked)  # within its group, the best first
    best = place < BEST
    sums = np.bincount(ranked[best], weights=rated[order][best])
    return np.array((sums / np.bincount(ranked[best]))[scene.groups])


def together_several(scene: Scene, asked: Phrasing) -> Numbers:
    """The same where the question asks for several things, which are seldom told in one place."""
    return together(scene, asked) * float(bool(_SEVERAL.search(asked.text)))


def gathered(scene: Scene, asked: Phrasing) -> Numbers:
    """How much answers in the same record or day all together: many a fair passage, or one that stands out."""
    raised = np.exp(STRESS * _evidence(scene, asked))
    return np.log(np.bincount(scene.groups, weights=raised))[scene.groups]


def foremost(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where no passage of the same record or day answers better."""
    rated = _evidence(scene, asked)
    best = np.full(int(scene.groups.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(best, scene.groups, rated)
    return np.array(rated >= best[scene.groups], float)


@once
def _cosines(scene: Scene, asked: Phrasing) -> Numbers:
    if asked.vector is None or not scene.vectors.shape[1]:
        return np.zeros(len(scene.stored) + 1)
    return np.array(scene.vectors @ np.asarray(asked.vector, np.float32), float)


@once
def _pieces(scene: Scene, asked: Phrasing) -> Numbers:
    """How near each stored passage comes to each piece of the question, [stored + 1, pieces], and 0 for none."""
    wanted = np.frombuffer(asked.pieces, np.float32).reshape(-1, WIDTH)
    return np.array(nearest([*(one.pieces for one in scene.stored), b""], wanted), float)


@once
def _widest(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of a passage and its two neighbours, [stored, pieces]."""
    found = _pieces(scene, asked)
    return np.maximum(found[:-1], np.maximum(found[scene.before], found[scene.after]))


@once
def _evidence(scene: Scene, asked: Phrasing) -> Numbers:
    """The ratings of a passage by itself, in one sum."""
    by_words = sum((standard(rating(scene, asked)) for rating in (words, covers, pairs)), np.zeros(len(scene.stored)))
    return np.array(by_words + standard(meaning(scene, asked)) / 2)


@once
def _by_words(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25 of each stored passage, and 0 for none."""
    weights, rarity = _weights(scene, asked)
    return np.array(weights @ rarity)


@once
def _weights(scene: Scene, asked: Phrasing) -> tuple[Numbers, Numbers]:
    """What each asked word weighs in each stored passage, [stored + 1, words], and its rarity."""
    columns = {word: column for column, word in enumerate(asked.words)}
    weights = np.zeros((len(scene.stored) + 1, len(columns)))
    for row, one in zip(weights, scene.stored, strict=False):
        for word in one.words.keys() & columns.keys():
            row[columns[word]] = one.words[word]
    return weights, np.array(list(asked.words.values()))


@once
def _window(scene: Scene, asked: Phrasing) -> Numbers:
    """What each asked word weighs in a passage and its two neighbours, [stored, words]."""
    weights, _ = _weights(scene, asked)
    return np.array(weights[:-1] + weights[scene.before] + weights[scene.after])


def _twice(beside: Places) -> Places:
    """The neighbour's neighbour; one past the end where there is none."""
    return np.append(beside, len(beside))[beside]
