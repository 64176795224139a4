"""Question: what a message refers to is looked up too; what was typed is never changed."""

import pytest

from chains.format import Format
from chains.names import Names
from chains.question import question
from memory import Conversation, Room, Scope, Show, Take, TakeStatus, Thread, Turn

NAMES = Names.of(
    [
        ("Ilse Varga", (), "character", "ilse"),
        ("Captain Reyes", (), "character", "reyes"),
        ("Bram Okafor", (), "character", "bram"),
        ("The Lantern Room", (), "place", "lantern"),
        ("The Copper Bell", (), "thing", "bell"),
        ("The Unpunched Ticket", (), "scene", "ticket"),
        ("林晓", (), "character", "lin"),
    ]
)
CHAT = Format("chat", "Chat", "", "", "")
PLOT = Format("plot", "Plot", "", "", "", kinds=("character", "event"))


def talk(*pairs: tuple[str, str]) -> Conversation:
    scope = Scope("terminal", "local", "room", "t")
    turns = tuple(
        Turn(str(i), "t", None, i, "main", "Ana", said, "chat", Take(f"k{i}", str(i), 1, told, TakeStatus.COMPLETE))
        for i, (said, told) in enumerate(pairs, 1)
    )
    return Conversation(Show("s", "local", "Show"), Room(scope), Thread("t", scope, "s"), turns)


ILSE = talk(("Who is Bram?", "Bram Okafor guards."), ("Where does Ilse go?", "Ilse goes to the Lantern Room."))


@pytest.mark.parametrize(
    ("message", "resolved", "name"),
    [
        ("What does she do then, at night?", "What does Ilse Varga do then, at night?", "Ilse Varga"),
        ("What is her brother called?", "What is Ilse Varga's brother called?", "Ilse Varga"),
        ("Who works there, and since when?", "Who works The Lantern Room, and since when?", "The Lantern Room"),
        ("她害怕什么？", "Ilse Varga害怕什么？", "Ilse Varga"),
    ],
)
def test_a_small_word_stands_for_the_latest_fitting_name(message: str, resolved: str, name: str) -> None:
    asked = question(message, ILSE, NAMES, CHAT)
    assert asked.text == message
    assert asked.also[0] == resolved
    assert name in asked.names


def test_a_pronoun_that_the_message_itself_explains_is_left_alone() -> None:
    asked = question("Does Bram know that he is late for work?", ILSE, NAMES, CHAT)
    assert asked.also == ()
    assert asked.names == ("Bram Okafor",)


def test_there_is_and_it_is_refer_to_nothing() -> None:
    assert question("There is a storm tonight over the harbour.", ILSE, NAMES, CHAT).also == ()


@pytest.mark.parametrize(
    ("message", "refers"),
    [
        ("How long would it take Bram to reach the harbour?", False),
        ("What does it cost to cross at night?", False),
        ("Is it true that Bram has left the harbour?", False),
        ("Why is it raining all over the harbour?", False),
        ("How many weeks does it take to reach the harbour?", False),
        ("How long would it take Bram to polish it?", True),
        ("Does it take passengers to the harbour?", True),
        ("What does it cost after midnight?", True),
    ],
)
def test_an_it_that_only_opens_what_follows_refers_to_nothing(message: str, refers: bool) -> None:
    rung = talk(("Who rings?", "Bram Okafor rings the Copper Bell."))
    also = question(message, rung, NAMES, CHAT).also
    assert any("Copper Bell" in one for one in also) is refers


def test_a_pronoun_does_not_go_to_a_character_of_the_other_pronoun() -> None:
    class Entry:
        def __init__(self, id: str, name: str, text: str) -> None:  # noqa: A002
            self.id, self.name, self.text = id, name, text
            self.kind, self.aliases = "character", ()

    names = Names.read([Entry("a", "Ada", "She sings to her cat."), Entry("b", "Ben", "He drinks his tea.")])
    asked = question(
        "And what does she want from life?", talk(("Tell me of Ada", "Ada sings. Ben, Ben, Ben.")), names, CHAT
    )
    assert asked.names == ("Ada",)
    asked = question("What does he want from life?", talk(("Tell me of Ada", "Ada sings to Ben.")), names, CHAT)
    assert asked.names == ("Ben",)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("What does the captain want from us?", "Captain Reyes"),
        ("How does that scene end in your view?", "The Unpunched Ticket"),
        ("Who cast the bell, and from what?", "The Copper Bell"),
    ],
)
def test_a_description_stands_for_the_latest_name_it_fits(message: str, name: str) -> None:
    talked = talk(("The Unpunched Ticket", "Captain Reyes hides the Copper Bell."))
    assert name in question(message, talked, NAMES, CHAT).names


@pytest.mark.parametrize("message", ["and then?", "why?", "darker", "go on", "为什么？"])
def test_a_short_follow_up_takes_in_what_the_talk_was_about(message: str) -> None:
    asked = question(message, ILSE, NAMES, CHAT)
    assert any("Where does Ilse go?" in also for also in asked.also)
    assert "Ilse Varga" in asked.names
    assert asked.text == message


@pytest.mark.parametrize(
    "message", ["What is Gerald?", "what is gerald?", "Where is Gerald?", "Who's Gerald?", "Gerald sings loudly."]
)
def test_a_short_question_about_what_canon_does_not_know_begins_anew(message: str) -> None:
    asked = question(message, ILSE, NAMES, CHAT)
    assert (asked.also, asked.names) == ((), ())


@pytest.mark.parametrize("message", ["Why is the hull orange?", "When does the tide turn?", "where are the oars kept"])
def test_a_question_that_says_what_it_is_about_begins_anew_whatever_it_begins_with(message: str) -> None:
    assert question(message, ILSE, NAMES, CHAT).also == ()


@pytest.mark.parametrize("message", ["Why not?", "When exactly?", "Where is that?", "Why did that happen?"])
def test_a_question_that_only_asks_on_takes_in_what_the_talk_was_about(message: str) -> None:
    assert any("Where does Ilse go?" in also for also in question(message, ILSE, NAMES, CHAT).also)


@pytest.mark.parametrize("message", ["And Gerald?", "What about Gerald?", "what is next?", "what's wrong?"])
def test_one_that_joins_on_to_what_was_said_takes_it_in(message: str) -> None:
    assert any("Where does Ilse go?" in also for also in question(message, ILSE, NAMES, CHAT).also)


def test_a_follow_up_to_a_follow_up_still_finds_the_subject() -> None:
    talked = talk(("Where does Ilse go at night?", "Out."), ("why?", "For air."))
    assert any("Where does Ilse go at night?" in also for also in question("and then?", talked, NAMES, CHAT).also)


def test_a_request_for_a_format_looks_up_the_cast_and_the_place_in_play() -> None:
    asked = question("Three turns about a stolen letter, please, and make them hurt", ILSE, NAMES, PLOT)
    assert {"Ilse Varga", "Bram Okafor", "The Lantern Room"} <= set(asked.names)
    assert asked.kinds == PLOT.kinds


@pytest.mark.parametrize("message", ["hi", "Thanks!", "thank you so much", "ok great", "你好"])
def test_a_greeting_looks_up_little(message: str) -> None:
    asked = question(message, ILSE, NAMES, CHAT)
    assert (asked.names, asked.also) == ((), ())
    assert asked.limit < question("Who is Bram?", ILSE, NAMES, CHAT).limit


def test_the_first_message_of_a_thread_refers_to_nothing() -> None:
    asked = question("why?", talk(), NAMES, CHAT)
    assert (asked.also, asked.names) == ((), ())
