"""The analysis of words, in every script a room may write in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorstore.sparse import Words, name_key

WORDS = Words()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("running", "She runs."),
        ("Mara", "Mara's boat"),
        ("naïve", "naive"),
        ("1889", "In 1889, it burned."),
        ("12", "第12集"),
        ("战国无双3", "《战国无双3》是游戏"),
        ("塔", "Tokyo塔"),
        ("FULLWIDTH", "ＦＵＬＬＷＩＤＴＨ"),
    ],
)
def test_a_word_is_known_again_in_another_shape(asked: str, told: str) -> None:
    assert set(WORDS.query(asked).indices) & set(WORDS.passage(told).indices)


def test_stop_words_carry_nothing_and_repeated_words_weigh_more_but_not_twice() -> None:
    assert WORDS.query("what is the of").indices == ()
    once, twice = (WORDS.passage(text).values[0] for text in ("bell", "bell bell"))
    assert once < twice < 2 * once


@pytest.mark.parametrize(
    ("name", "text", "spoken"),
    [
        ("Dr. Okafor", "ask dr okafor, please", True),
        ("Mara", "MARA’S mother", True),
        ("林黛玉", "然后林黛玉走了", True),
        ("Tokyo塔", "在tokyo塔下", True),
        ("Ann", "the annual fair", False),
        ("Will", "she will go", False),
        ("黛", "林黛玉", False),
    ],
)
def test_names_are_heard_as_whole_words(name: str, text: str, spoken: bool) -> None:
    assert (name_key(name) in WORDS.spoken(text)) is spoken


@given(st.text(st.sampled_from("ab9 '’_-.,“”—\n\x00"), max_size=40))
def test_plain_text_falls_into_the_same_pairs_as_text_of_every_script(text: str) -> None:
    plain, mixed = WORDS.pairs(text), WORDS.pairs(f"{text} 塔")
    assert plain <= mixed
    assert len(mixed - plain) <= 1
