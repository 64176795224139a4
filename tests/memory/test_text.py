"""Text is changed in one place, and only where a database could not hold it."""

from hypothesis import given
from hypothesis import strategies as st

from memory import fold
from memory.text import clean, shorten

anything = st.text(st.characters(codec=None, exclude_categories=()))


@given(anything)
def test_clean_text_is_held_by_every_database_and_stays_clean(text):
    cleaned = clean(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_without_holes_is_left_alone(text):
    assert clean(text) == text


def test_halves_of_a_pair_become_the_character_they_mean():
    assert clean("\ud83d\ude00 \ud83d") == "😀 \ufffd"


@given(anything)
def test_a_title_is_one_short_line(text):
    title = shorten(clean(text))
    assert len(title) <= 60
    assert len(title.splitlines()) <= 1


def test_a_title_is_cut_between_words_where_there_are_any():
    assert shorten("one two " * 20) == ("one two " * 7).strip() + "…"
    assert shorten("字" * 80) == "字" * 59 + "…"


def test_names_are_the_same_however_they_are_written():
    assert fold(" Straße\u00a0 12 ") == fold("STRASSE 12") == "strasse 12"
    assert fold("e\u0301") == fold("É")
