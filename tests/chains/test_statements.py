"""What a passage says, and of whom."""

from chains.asking import greets
from chains.evidence import LIKELY, answer
from chains.statements import statements

BIBLE = """### The Assayer

Nobody knows the Assayer's name. He weighs salt at the gate. He was once married to Oriel Vash.

## Rules

- Salt is money.
- Bells must never be rung after sunset.
"""
SCENE = """EXT. GATE OF MERROW - DAWN

The gate groans open.

THE ASSAYER (V.O.)
(tired)
One pinch in a hundred, Captain.

Oriel waits."""


def test_headings_and_list_markers_are_never_part_of_a_sentence() -> None:
    assert [(one.about, one.text) for one in statements(BIBLE)] == [
        ("The Assayer", "Nobody knows the Assayer's name."),
        ("The Assayer", "He weighs salt at the gate."),
        ("The Assayer", "He was once married to Oriel Vash."),
        ("Rules", "Salt is money."),
        ("Rules", "Bells must never be rung after sunset."),
    ]


def test_a_scene_tells_its_speech_from_its_action() -> None:
    assert [(one.about, one.spoken, one.text) for one in statements(SCENE)] == [
        ("", False, "The gate groans open."),
        ("THE ASSAYER", True, "One pinch in a hundred, Captain."),
        ("", False, "Oriel waits."),
    ]


def test_a_scene_as_a_page_has_it_in_bold_is_read_like_any_other() -> None:
    bold = SCENE.replace("EXT. GATE OF MERROW - DAWN", "**EXT. GATE OF MERROW - DAWN**")
    assert statements(bold.replace("THE ASSAYER (V.O.)", "**THE ASSAYER (V.O.)**")) == statements(SCENE)


def test_a_cue_is_one_in_any_alphabet_that_has_capitals() -> None:
    assert [(one.about, one.text) for one in statements("ÖÄÜ\nNein, danke.\n\nИВАН\nПойдём.")] == [
        ("ÖÄÜ", "Nein, danke."),
        ("ИВАН", "Пойдём."),
    ]


def test_a_short_line_that_stands_alone_is_a_heading() -> None:
    said = statements("Pim Dorrow\n\nHe counts everything.\nHe is afraid of horses.")
    assert [(one.about, one.text) for one in said] == [
        ("Pim Dorrow", "He counts everything."),
        ("Pim Dorrow", "He is afraid of horses."),
    ]


def test_lines_of_verse_are_all_kept() -> None:
    assert [one.text for one in statements("The bell, the bell\nthe bell of Hesh\nit rings at night")] == [
        "The bell, the bell",
        "the bell of Hesh",
        "it rings at night",
    ]


def test_an_answer_says_of_whom_it_speaks_where_the_question_does_not() -> None:
    found = answer("Who was married to Oriel?", [("The Salt Road", (), BIBLE)], [1.0])
    assert found is not None
    assert found.text == "The Assayer: He was once married to Oriel Vash."
    found = answer("Was the Assayer married?", [("The Salt Road", (), BIBLE)], [1.0])
    assert found is not None
    assert found.text == "He was once married to Oriel Vash."


def test_an_answer_does_not_run_on_into_the_next_section_or_item() -> None:
    found = answer("What is money?", [("The Salt Road", (), BIBLE)], [1.0])
    assert found is not None
    assert found.text == "Salt is money."


def test_a_line_of_a_scene_is_answered_with_its_speaker() -> None:
    found = answer("How many in a hundred is a pinch?", [("Episode 1", (), SCENE)], [1.0])
    assert found is not None
    assert found.text == "THE ASSAYER: One pinch in a hundred, Captain."


CHAT = """maeve: who plays the Assayer?

tomasz: still Brigid, if she can. She has a cold.

maeve: what does he weigh on Sundays?

tomasz: lunch is at noon"""


def test_a_question_in_a_chat_is_answered_by_who_writes_next() -> None:
    found = answer("Who plays the Assayer?", [("The Salt Road", (), CHAT)], [1.0])
    assert found is not None
    assert found.text == "maeve: who plays the Assayer? tomasz: still Brigid, if she can. She has a cold."
    assert found.share >= LIKELY


def test_who_goes_on_speaking_answers_no_question_of_their_own() -> None:
    found = answer("Where is the spoon?", [("Log", (), "Where is the spoon? Nobody laughed. The spoon is old.")], [1.0])
    assert found is not None
    assert found.text == "The spoon is old."


def test_a_question_of_common_words_alone_is_never_surely_answered() -> None:
    found = answer("Who takes what?", [("a", (), "He takes salt."), ("b", (), "Rain fell.")], [1.0, 0.5])
    assert found is not None
    assert found.share < LIKELY


def test_a_greeting_is_a_greeting_and_nothing_else() -> None:
    assert all(map(greets, ("hello", "Hi!", "Good evening, everyone.", "你好！")))
    assert not any(map(greets, ("Hello, who is Oriel?", "high tide", "")))
