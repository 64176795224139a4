"""What a message wants written, after what was said before it."""

import pytest

from bot.order import order
from chains.formats.load import load_formats
from memory import Conversation, Room, Scope, Show, Take, TakeStatus, Thread, Turn

FORMATS = load_formats().named
PICKED = (("chat", "Give me two twists", "1. Maybe Mara leaves. Then Pim stays.\n2. What if Pim sings?"),)
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


@pytest.mark.parametrize("said", ["Continue.", "go on", "Ok, keep going", "And then?", "Can you write on?"])
def test_what_goes_on_is_of_the_last_page_form_and_begins_where_it_ends(said: str) -> None:
    before = talk(
        ("lyrics", SONG, "The key hangs low. [1]"),
        ("chat", "Who keeps the key?", "Mara does. [1]"),
        ("chat", "Thanks!", "Gladly."),
        ("chat", "The key is rusty.", "It has been rusty since May."),
    )
    found = order(said, before, FORMATS)
    assert (found.form, found.request, found.steer) == ("lyrics", SONG, "")
    assert (found.previous, found.onward) == ("The key hangs low.", True)


def test_what_is_gone_on_from_twice_is_all_that_was_written_and_a_changed_part_stands_in_its_place() -> None:
    song = [("lyrics", SONG, "The key hangs low."), ("lyrics", "go on", "The rope is wet.")]
    assert order("more", talk(*song), FORMATS).previous == "The key hangs low.\n\nThe rope is wet."
    changed = order("continue", talk(*song, ("lyrics", "sadder", "The rope weeps.")), FORMATS)
    assert (changed.request, changed.previous) == (SONG, "The key hangs low.\n\nThe rope weeps.")
    whole = order("continue", talk(song[0], ("lyrics", "sadder", "The key weeps.")), FORMATS)
    assert whole.previous == "The key weeps."


@pytest.mark.parametrize("said", ["Make it sadder.", "again", "shorter"])
def test_a_page_that_goes_on_still_does_when_it_is_changed(said: str) -> None:
    song = [("lyrics", SONG, "The key hangs low."), ("lyrics", "Go on with Petra.", "The rope is wet.")]
    found = order(said, talk(*song, ("chat", "Who keeps the key?", "Mara does. [1]")), FORMATS)
    assert (found.form, found.steer, found.onward) == ("lyrics", said, True)
    assert (found.previous, found.request) == ("The key hangs low.", f"Go on with Petra.\n{SONG}")
    assert said in found.sought
    changed = [*song, ("lyrics", said, "The rope weeps.")]
    assert order("even sadder", talk(*changed), FORMATS).previous == "The key hangs low."
    further = [*changed, ("lyrics", "more", "The tide is out.")]
    assert order(said, talk(*further), FORMATS).previous == "The key hangs low.\n\nThe rope weeps."


def test_a_page_is_changed_as_a_whole_in_another_form_or_where_what_it_went_on_from_is_gone() -> None:
    song = [("lyrics", SONG, "The key hangs low."), ("lyrics", "go on", "The rope is wet.")]
    for before in (talk(*song, chosen="plot"), talk(song[1])):
        found = order("sadder", before, FORMATS)
        assert (found.previous, found.onward) == ("The rope is wet.", False)


def test_what_was_said_in_between_is_not_what_the_page_is_about() -> None:
    song = talk(("lyrics", SONG, "Low."), ("chat", "The key is rusty.", "It is."), ("lyrics", "go on", "The rope."))
    for said in ("make it sadder", "go on"):
        found = order(said, song, FORMATS)
        assert (found.form, found.request) == ("lyrics", SONG)


def test_how_it_goes_on_is_asked_for_beside_what_it_is_about() -> None:
    found = order("Continue with Petra alone.", talk(("lyrics", SONG, "The key hangs low.")), FORMATS)
    assert found.request == f"Continue with Petra alone.\n{SONG}"


def test_an_idea_is_gone_on_from_where_no_page_was_ordered_and_a_chosen_form_only_by_its_own_pages() -> None:
    idea = ("chat", "What if Mara left?", "Perhaps Mara sails.")
    assert order("and then?", talk(idea), FORMATS).previous == "Perhaps Mara sails."
    assert not order("continue", talk(idea, chosen="plot"), FORMATS).onward
    assert order("continue", talk(idea, ("plot", "A plot.", "Mara sails."), chosen="plot"), FORMATS).onward


def test_where_nothing_was_written_there_is_nothing_to_change_or_to_go_on_from() -> None:
    for before in (talk(), talk(("chat", "Who keeps the key?", "Mara does."))):
        found = order("Make it darker.", before, FORMATS)
        assert (found.form, found.request, found.steer) == ("chat", "Make it darker.", "")
        assert not order("Continue.", before, FORMATS).onward


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


def test_an_order_for_one_of_several_ideas_is_about_that_idea() -> None:
    before = talk(*PICKED)
    found = order("I like the second one. Write a plot from it.", before, FORMATS)
    assert (found.form, found.request) == ("plot", "I like the second one. Write a plot from it where Pim sings")
    assert "Pim sings" in found.sought
    assert order("I like the first one.", before, FORMATS).request == "Mara leaves"
    page = ("plot", "I like the second one. Write a plot from it.", "**Setup.** Pim sings.")
    assert order("Great. Make it shorter.", talk(*PICKED, page), FORMATS).request.endswith("where Pim sings")
    asked = order("Who sings in the second one?", before, FORMATS)
    assert asked.request == "Who sings in the second one?"


def test_an_order_may_follow_what_is_said_of_the_page_before() -> None:
    before = talk(("lyrics", SONG, "The key hangs low."))
    assert order("Good start. Make it sadder.", before, FORMATS).steer == "Good start. Make it sadder."
    assert order("I love it. Continue.", before, FORMATS).onward
    assert order("Nice. Now write a scene with Pim.", before, FORMATS).form == "dialogue"
    quoted = order('Pim turns. "Write a scene for me," she says.', before, FORMATS)
    assert quoted.form == "chat"
