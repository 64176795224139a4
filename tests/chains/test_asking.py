"""What sort of message it is: what the page becomes hangs on it."""

import pytest

from chains.asking import Told, answered, goes_on, is_question, muses, notes, ordered, orders, says_how, stated, wonders
from chains.formats.load import load_formats

NOUNS = {name: form.nouns for name, form in load_formats().named.items() if name != "chat"}


@pytest.mark.parametrize(
    ("message", "form"),
    [
        ("Write a short, sad song about rain.", "lyrics"),
        ("Can you write a song about rain?", "lyrics"),
        ("Ok, now draft me a scene where the ferryman refuses", "dialogue"),
        ("I want a scene with Bo and Ana.", "dialogue"),
        ("Could you help me with the plot of episode two?", "plot"),
        ("Tell me a story about Petra", "plot"),
        ("Give us a quest for the goose", "quest"),
        ("Write an advertisement in the voice of Petra", "ad"),
        ("Write a host script about onions", "host"),
        ("Plan a stunt scene on the crane", "vfx"),
        ("A quarrelsome scene between Petra and Odile, at night", "dialogue"),
        ("Make the scene shorter", ""),
        ("Continue the scene.", ""),
        ("A song is sung at the ferry.", ""),
        ("Is there a song in episode one?", ""),
        ("Pitch an idea for a song about rain", ""),
        ("Give me a title for the song", ""),
        ("Tell me the story of the Goose Vote", ""),
        ("Write the next line", ""),
    ],
)
def test_a_form_is_ordered_by_its_name_and_not_only_spoken_of(message: str, form: str) -> None:
    assert ordered(message, NOUNS) == form


@pytest.mark.parametrize(
    ("message", "asks", "wants_ideas"),
    [
        ("Who is Petra?", True, False),
        ("Can you tell me who Petra is?", True, False),
        ("Give me the name of the captain?", True, False),
        ("Does Petra have another name?", True, False),
        ("How do we notice that Odile is angry?", True, False),
        ("Can you give me a better name for the ferry?", False, False),
        ("Can you continue?", False, False),
        ("Would you pitch an idea?", False, True),
        ("What is a good title?", True, True),
        ("What happens next?", True, True),
        ("How do I write a villain?", True, True),
        ("Could the ferryman be a ghost?", True, True),
        ("How long would it take to copy the Winch Key?", True, False),
        ("How many people would stay if the bridge fell?", True, True),
        ("Petra's new dog is called Biscuit.", False, False),
    ],
)
def test_what_asks_for_something_known_what_for_ideas_and_what_for_neither(
    message: str, asks: bool, wants_ideas: bool
) -> None:
    assert (is_question(message), muses(message)) == (asks, wants_ideas)


@pytest.mark.parametrize(
    ("message", "how"),
    [
        ("Continue", False),
        ("go on, please", False),
        ("Ok, keep going!", False),
        ("Can you carry on with the scene?", False),
        ("and then?", False),
        ("What next?", False),
        ("more please", False),
        ("Give us some more.", False),
        ("继续", False),
        ("Continue with Petra alone.", True),
        ("Go on, but at night", True),
        ("Write the next verse", True),
        ("another verse, please", True),
        ("One more verse about Benno", True),
        ("Write the next two verses", True),
        ("three more shots, please", True),
    ],
)
def test_what_asks_for_what_comes_next_goes_on(message: str, how: bool) -> None:
    assert goes_on(message)
    assert says_how(message) == how


@pytest.mark.parametrize(
    "message",
    [
        "The next line is hers",
        "Go on the bridge with Petra.",
        "And then Petra leaves.",
        "More onions.",
        "What happens next?",
        "Next Monday Petra sings.",
        "Make it longer.",
        "Write the next episode's plot",
    ],
)
def test_what_says_what_happens_or_asks_for_ideas_does_not_go_on(message: str) -> None:
    assert not goes_on(message)


def test_greetings_thanks_and_questions_are_answered_and_are_no_pages() -> None:
    assert all(map(answered, ("Hello!", "Thanks a lot", "Who is Petra?", "What can you do?")))
    assert not any(map(answered, ("What if Petra left?", "Write a song.", "Petra leaves.", "continue")))


def test_who_answers_may_be_asked() -> None:
    assert wonders("Who are you?")
    assert wonders("what can you do")
    assert all(map(wonders, ("Hello, what can you do for us?", "help me", "How do I start?", "hi! how does this work")))
    assert not any(
        map(wonders, ("What can we do with the key?", "Help me with a scene.", "How do you stop the clock?"))
    )
    assert not wonders("Who are you to say that?")
    assert not orders("Who are you?")


@pytest.mark.parametrize(
    "message",
    [
        "Petra's new dog is called Biscuit.",
        "No, the ship is called the Heron",
        "By the way: Petra has a dog. It is afraid of thunder.",
        "She is afraid of geese.",
        "the captain's cat is black",
    ],
)
def test_what_only_says_how_something_is_is_noted(message: str) -> None:
    assert notes(message)


@pytest.mark.parametrize(
    "message",
    [
        "Odile refuses the wheelbarrow.",
        "Everyone is asleep when the bell rings.",
        "This is great.",
        "It is too long.",
        "I am tired.",
        "We have a problem.",
        "Who is Petra?",
        "What if Petra is the thief?",
        "Write a scene where Petra is the thief.",
        "A song about what is lost",
        "Petra is here. Benno is there. The bell is old. The bridge is short.",
    ],
)
def test_what_asks_speaks_of_the_page_or_tells_a_story_is_not(message: str) -> None:
    assert not notes(message)


def test_of_a_talk_what_people_said_and_the_pages_they_ordered_may_answer_the_latest_first() -> None:
    talk = [
        ("The dog is called Biscuit.", "Biscuit barks."),
        ("Who is Biscuit?", "A dog, says canon. [1]"),
        ("Write a scene with Biscuit.", "Biscuit finds a bone. [1]"),
        ("What if Biscuit runs away?", ""),
        ("Give me three titles for it.", "1. The Bone"),
    ]
    assert stated(talk) == (
        Told("1. The Bone", ours=True),
        Told("Biscuit finds a bone.", ours=True),
        Told("Write a scene with Biscuit."),
        Told("The dog is called Biscuit."),
        Told("Biscuit barks.", ours=True),
    )


@pytest.mark.parametrize("said", ["何伯欠了茶钱。", "写一场戏：何伯和谁谈地契。", "茶几上几乎没有灰。"])
def test_a_chinese_surname_or_an_order_asks_for_no_fact(said: str) -> None:
    assert not is_question(said)


@pytest.mark.parametrize("said", ["船何时开", "何が好きですか", "他为何不来", "写字楼在哪"])
def test_a_question_in_chinese_or_japanese_needs_no_mark(said: str) -> None:
    assert is_question(said)
