"""What is asked for always is told from what is asked for now."""

import pytest

from chains import lasting


@pytest.mark.parametrize(
    "said",
    [
        "We never use voice-over.",
        "From now on, call the harbour master Odile.",
        "I’d prefer short lines.",
        "Please never rhyme on the second line!",
        "No more puns, please.",
        "以后对白要短一些。",
    ],
)
def test_a_lasting_wish_is_noticed(said: str) -> None:
    assert lasting(f"Write a scene. {said}") == (said,)


@pytest.mark.parametrize(
    "said",
    [
        "Make it shorter.",
        "Does she always keep the key?",
        "She always keeps the key in the tin.",
        "“We never open the gate,” says Pim.",
        "No more than four lines.",
        "We never " + "and ".join(["use"] * 60),
    ],
)
def test_a_request_a_story_or_a_quotation_is_not_one(said: str) -> None:
    assert lasting(said) == ()
