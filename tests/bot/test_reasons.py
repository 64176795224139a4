"""What signals say, in words."""

import json
from importlib.resources import files

from bot.reasons import MOST, strongest

WORDLESS = {"length", "asks"}


def test_every_signal_that_may_lift_a_passage_has_words() -> None:
    weights = json.loads(files("vectorstore").joinpath("weights.json").read_text("utf-8"))
    learned = {name for kinds in weights.values() for kind in kinds.values() for name in kind}
    for signal in (learned - WORDLESS) | {"name", "kind", "recency", "corrects"}:
        assert strongest({signal: 1.0}), signal


def test_the_strongest_come_first_and_what_says_the_same_counts_together() -> None:
    found = strongest({"words": 0.4, "covers": 0.5, "nearness": 0.8, "name": 3.0, "foremost": 0.3, "pairs": -1.0})
    assert found == ["it is named", "has the words asked for", "close in meaning"]
    assert len(found) == MOST


def test_what_hardly_counts_and_what_has_no_words_is_not_said() -> None:
    assert strongest({"words": 0.05, "length": 2.0, "rest": 1.0, "cosine": 0.9, "coverage": 1.0}) == []
