"""Learning pieces: from questions that learn_weights does not see, the same each time, in the form the model reads."""

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from bench.gold import Asking, Given, Gold
from bench.learn_pieces import Study, learn, unseen
from bench.learn_weights import part
from vectorstore.minilm import PIECES
from vectorstore.pieces import WIDTH

LAYER = 384
FORM = {"passage": (LAYER, WIDTH), "question": (LAYER, WIDTH), "counts": (LAYER, 1), "bias": (1,), "centre": (LAYER,)}


def tales(groups: str) -> Gold:
    passages = tuple(Given(f"{group}/0", group, 0, f"text of {group}") for group in groups)
    return Gold(
        "tales", False, False, passages, tuple(Asking(f"q{group}", group, "?", (f"{group}/0",)) for group in groups)
    )


def test_what_pieces_are_learned_from_weights_are_not() -> None:
    all_of_them = tales("abcdefgh")
    mine, theirs = unseen(all_of_them, 4), part(all_of_them, 4)
    assert {one.group for one in mine.questions} == set("bcfg")
    assert not {one.group for one in mine.passages} & {one.group for one in theirs.passages}


def lessons(count: int) -> tuple[list[Study], dict[str, NDArray[np.float16]]]:
    """The gold of each holds what is asked, in the second half of the layer; the first half says nothing."""
    chance = np.random.default_rng(3)
    told, given = {}, []
    for number in range(count):
        asked = chance.standard_normal((2, LAYER)).astype(np.float16)
        names = [f"{number}/{place}" for place in range(5)]
        for name in names:
            told[name] = chance.standard_normal((4, LAYER)).astype(np.float16)
        told[names[0]][:2, LAYER // 2 :] = asked[:, LAYER // 2 :]
        given.append(Study(asked, names, np.zeros(5, np.float32), np.arange(5) == 0))
    return given, told


def worth(learned: dict[str, NDArray[np.float16]], count: int) -> float:
    """How often the gold is nearest."""
    given, told = lessons(count)
    wide = {name: numbers.astype(np.float32) for name, numbers in learned.items()}

    def pointed(pieces: NDArray[np.float16], by: str) -> NDArray[np.float32]:
        made = (pieces.astype(np.float32) - wide["centre"]) @ wide[by]
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)

    near = [
        [(pointed(told[name], "passage") @ pointed(one.asked, "question").T).max(axis=0).sum() for name in one.texts]
        for one in given
    ]
    return float(np.mean([np.argmax(row) == 0 for row in near]))


def test_what_is_learned_finds_the_gold_and_is_the_same_each_time() -> None:
    learned = learn(*lessons(160))
    assert {name: numbers.shape for name, numbers in learned.items()} == FORM
    assert worth(learned, 160) > 0.8
    again = learn(*lessons(160))
    assert all(np.array_equal(learned[name], again[name]) for name in learned)


def test_the_projection_that_ships_has_the_form_that_is_learned() -> None:
    shipped = load_file(PIECES)
    assert {name: numbers.shape for name, numbers in shipped.items()} == FORM
    assert all(np.isfinite(numbers).all() for numbers in shipped.values())
