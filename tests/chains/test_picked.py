"""Which of several ideas is meant."""

import pytest

from chains.picked import picked

PAGE = """1. Maybe it is Mara who lights the lamp. Then Pim would know.
2. What if Mara sells the key? And Pim buys it.
3. Perhaps there is a second key."""


@pytest.mark.parametrize(
    ("message", "idea"),
    [
        ("I like the second one.", "Mara sells the key"),
        ("Let's take the second.", "Mara sells the key"),
        ("Write a plot from idea 1", "it is Mara who lights the lamp"),
        ("number three please", "there is a second key"),
        ("The last idea is good, write it", "there is a second key"),
        ("the 2nd option", "Mara sells the key"),
        ("take #3!", "there is a second key"),
    ],
)
def test_the_idea_that_is_meant_is_what_happens(message: str, idea: str) -> None:
    assert picked(message, PAGE) == idea


@pytest.mark.parametrize(
    "message",
    [
        "I don't like the second one.",
        "not the first one",
        "Mara takes the second ferry.",
        "The first lamp is out.",
        "the ninth one",
        "In the second act Pim leaves.",
        "#77",
    ],
)
def test_what_means_none_of_them_picks_none(message: str) -> None:
    assert picked(message, PAGE) == ""


def test_a_page_without_several_ideas_has_none_to_pick() -> None:
    assert picked("I like the first one.", "1. Maybe it is Mara.") == ""
    assert picked("I like the first one.", "Mara lights the lamp.") == ""
