"""Checks: each notices its own fault, and leaves good writing alone."""

import pytest

from chains.checks import check
from chains.checks.copied import RUN, copied
from chains.page import Citation, Page
from chains.prompt import Cited, Message, Prompt
from chains.words import TOKEN
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


VERSES = """Down to the ferry she carried the lantern, over the slack of the evening tide,
nobody asked her whose name was upon it, nobody followed her down to the side.
The bell on the jetty was ringing for no one, the ropes on the bollards were humming in time."""
LINES = Cited(1, "p1", "Song Book", "source", "text", VERSES, place="Song Book > Ferry")
CHINESE = Cited(
    2, "p2", "灯塔", "canon", "place", "灯塔守人每晚点亮铜灯，直到潮水退去，海面上再也看不见任何一条船的影子为止。"
)
FROM = Prompt((Message("user", "Go."),), (LINES, CHINESE))


def test_a_song_that_is_copied_is_noticed_with_its_source() -> None:
    (remark,) = copied(Page(f"VERSE 1\n~{VERSES.upper()}\n~And then she went home."), FROM)
    assert remark.text == "49 words in a row are those of Song Book: Ferry, and it does not say so."


@pytest.mark.parametrize("passage", [LINES, CHINESE])
def test_a_run_is_noticed_wherever_it_stands_and_one_word_less_is_not(passage: Cited) -> None:
    words = [one.group() for one in TOKEN.finditer(passage.text)]
    for first in range(len(words) - RUN + 1):
        run = " ".join(words[first : first + RUN])
        assert len(copied(Page(f"Ilse waits. {run} Bram waits, too."), FROM)) == 1
        less = " ".join(words[first : first + RUN - 1])
        assert copied(Page(f"Ilse waits. {less} Bram waits, too."), FROM) == ()


def test_what_says_where_it_is_from_is_no_copy() -> None:
    said = " ".join(VERSES.split())
    cited = (Citation(1, "p1", "Song Book", 1.0),)
    assert copied(Page(f"In the song: {said} [1] Then they leave.", cited), FROM) == ()
    of_another = (Citation(1, "p2", "灯塔", 1.0),)
    assert len(copied(Page(f"In the song: {said} [1] Then they leave.", of_another), FROM)) == 1
    on_another_line = f"{said}\nThen they leave. [1]"
    assert len(copied(Page(on_another_line, cited), FROM)) == 1


def test_markers_between_the_words_hide_no_copy() -> None:
    words = VERSES.split()
    text = " ".join(word + (" [2]" if n % 7 == 0 else "") for n, word in enumerate(words))
    assert len(copied(Page(text, (Citation(2, "p2", "灯塔", 0.5),)), FROM)) == 1
