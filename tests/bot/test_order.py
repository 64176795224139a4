"""What a message wants written, after what was said before it."""

import pytest

from bot.order import order
from chains.formats.load import load_formats
from memory import Conversation, Room, Scope, Show, Take, TakeStatus, Thread, Turn

FORMATS = load_formats().named
SONG = "Write a song about the winch key."


def talk(*turns: tuple[str, str, str], chosen: str = "chat") -> Conversation:
    """A thread set to ``chosen``, after turns of a format, a message and a page."""
    window = tuple(
        Turn(str(n), "t", None, n, "main", "eva", said, form, Take(str(n), str(n), 1, page, TakeStatus.COMPLETE))
        for n, (form, said, page) in enumerate(turns, 1)
    )
    scope = Scope("terminal", "local", "desk", "t")
    return Conversation(Show("s", "local", "Saltmarsh"), Room(scope), Thread("t", scope, "s", format=chosen), window)


@pytest.mark.parametrize(
    "said", ["Make it sadder.", "sadder please", "a bit shorter", "Again!", "Now add a dog to it", "simpler"]
)
def test_what_only_says_how_is_about_what_was_ordered_before(said: str) -> None:
    found = order(said, talk(("lyrics", SONG, "The key hangs low. [1]")), FORMATS)
    assert (found.form, found.request, found.steer) == ("lyrics", SONG, said)
    assert found.previous == "The key hangs low."
    assert SONG in found.sought
    assert said in found.sought


def test_a_page_may_be_changed_again_and_after_a_question_in_between() -> None:
    before = talk(
        ("lyrics", SONG, "The key hangs low."),
        ("lyrics", "sadder", "The key hangs lower."),
        ("chat", "Who keeps the key?", "Mara does. [1]"),
    )
    found = order("Make it shorter.", before, FORMATS)
    assert (found.form, found.request, found.previous) == ("lyrics", SONG, "The key hangs lower.")


def test_where_nothing_was_written_there_is_nothing_to_change() -> None:
    for before in (talk(), talk(("chat", "Who keeps the key?", "Mara does."))):
        found = order("Make it darker.", before, FORMATS)
        assert (found.form, found.request, found.steer) == ("chat", "Make it darker.", "")


@pytest.mark.parametrize(
    "said",
    [
        "Who keeps the key?",
        "Mara goes to the pier.",
        "Again Mara goes to the pier.",
        "Change of plans: the key is lost.",
        "Write a scene with Mara.",
        "Make a list of props",
    ],
)
def test_what_says_what_it_is_about_changes_no_page(said: str) -> None:
    found = order(said, talk(("lyrics", SONG, "The key hangs low.")), FORMATS)
    assert (found.request, found.steer, found.previous) == (said, "", "")


def test_a_form_that_was_chosen_is_kept() -> None:
    assert order("Write a scene with Mara.", talk(chosen="plot"), FORMATS).form == "plot"
    assert order("darker", talk(("lyrics", SONG, "The key."), chosen="plot"), FORMATS).form == "plot"
