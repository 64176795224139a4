"""An excerpt of a passage holds what bears on the message, and no more than there is room for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evidence import excerpt

LONG = (
    "The harbour sleeps under fog. Gerald mends nets by the slip. Odile keeps the tin behind the flour. "
    "Nobody has asked her twice. The bell rings at noon. Gulls sit on the crane."
)


def test_what_bears_on_the_message_is_kept_with_what_stands_around_it() -> None:
    assert excerpt("Where is the tin that Odile keeps?", LONG, 80) == (
        "... Odile keeps the tin behind the flour. Nobody has asked her twice. ..."
    )


def test_what_stands_before_is_kept_where_nothing_more_comes_after() -> None:
    assert excerpt("Where do the gulls sit?", LONG, 60) == "... The bell rings at noon. Gulls sit on the crane."


def test_a_message_that_shares_no_word_is_given_the_beginning() -> None:
    assert excerpt("Hm.", LONG, 60) == "The harbour sleeps under fog. Gerald mends nets by the slip. ..."


@pytest.mark.parametrize("text", ["", "Short.", "   \n"])
def test_what_fits_is_left_as_it_is(text: str) -> None:
    assert excerpt("Odile?", text, 60) == text


@given(message=st.text(max_size=40), text=st.text(max_size=400), room=st.integers(20, 120))
def test_an_excerpt_never_takes_more_room_than_it_has(message: str, text: str, room: int) -> None:
    found = excerpt(message, text, room)
    kept = found.removeprefix("... ").removesuffix(" ...")
    assert len(kept) <= room or found == text
    assert kept in text
