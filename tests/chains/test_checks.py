"""Checks: each notices its own fault, and leaves good writing alone."""

import pytest

from chains.checks import check
from chains.page import Page
from chains.prompt import Message, Prompt
from chains.written import Written

RULES = "You are a co-writer in a room. Never contradict what the notes say about the show."
PROMPT = Prompt((Message("system", f"{RULES}\n\nWrite a scene.\n\nStyle: Dry."), Message("user", "Go.")))
SCENE = (
    "Ilse waits at the depot. The tram is late again, and nobody speaks.\nBRAM: You should go home.\nILSE: I am home."
)
SONG = "\n".join(
    ["Ring the copper bell for me", "All the way down to the sea", "Coins and bones and company", "Ring it"] * 1
)


def noticed(text: str, finish: str = "complete") -> list[str]:
    return [r.check for r in check(Page(text), PROMPT, Written(text, finish))]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [SCENE, SONG, "No.", "林晓走了。", "“Is it you?”"])
def test_good_writing_is_left_alone(text: str) -> None:
    assert noticed(text) == []


@pytest.mark.parametrize("text", ["", "  \n", "..."])
def test_nothing_written_is_noticed(text: str) -> None:
    assert noticed(text) == ["complete"]


def test_an_answer_cut_in_mid_sentence_is_noticed_only_where_it_was_cut() -> None:
    assert noticed("Ilse waits at the", "length") == ["complete"]
    assert noticed("Ilse waits.", "length") == []
    assert noticed("Ilse waits at the") == []


@pytest.mark.parametrize(
    "text",
    [
        "The notes are correct. " * 5,
        "He is afraid of the dark and the dark and the dark and the dark and the dark",
        "She walked to the old mill by the river. Then she walked to the old mill by the river again. "
        "Later she walked to the old mill by the river.",
    ],
)
def test_text_that_goes_round_in_circles_is_noticed(text: str) -> None:
    assert noticed(text) == ["repetition"]


@pytest.mark.parametrize("text", [f"{SCENE} {RULES}", f"{SCENE}<|im_end|>", f"<notes>\n{SCENE}", f"{SCENE} [/INST]"])
def test_instructions_and_control_text_in_the_answer_are_noticed(text: str) -> None:
    assert noticed(text) == ["leak"]
