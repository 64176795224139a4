"""What canon and the talk say to a question, in their own words."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from chains.asking import NOTED, Told, stated
from chains.names import Names
from chains.prompt import Cited
from chains.quotation import NOTHING, NOTHING_YET, NOWHERE, SAID, UNKNOWN, UNSURE, WRITTEN, Quotation, quote

PASSAGES = tuple(Cited(**row) for row in json.loads(Path(__file__).with_name("clock.json").read_text(encoding="utf-8")))


NAMES = Names.of((p.title, (), p.kind, p.id) for p in PASSAGES)


def ask(
    request: str, *, told: Sequence[str] = (), passages: Sequence[Cited] = PASSAGES, names: Names = NAMES
) -> Quotation:
    return quote(request, "", passages, [Told(one) for one in told], names)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("What is Ida's dog called?", Quotation("Ida has a dog called Rusk.", SAID, recalled=True)),
        ("What is the name of Ida's dog?", Quotation("Ida has a dog called Rusk.", SAID, recalled=True)),
        ("Who is Rusk?", Quotation("Ida has a dog called Rusk.", SAID, recalled=True)),
        ("What is the clock called?", Quotation("The clock is called Old Tom.", SAID, recalled=True)),
        ("Who made the brass key?", Quotation("The brass key stops the clock. It was made by Ida's mother.", source=4)),
    ],
)
def test_what_was_said_in_the_talk_answers_where_canon_does_not(asked: str, said: Quotation) -> None:
    told = (
        "Ida has a dog called Rusk.",
        "The clock is called Old Tom.",
        "Somebody else made the brass key in the harbour.",
    )
    assert ask(asked, told=told) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Who keeps the Lantern?", "Bram Oake carries the Lantern at night."),
        ("Whose is the Lantern?", "Bram Oake carries the Lantern at night."),
        ("What is the Lantern?", "The Lantern is a long lamp. The Lantern lights the pier."),
        ("Who lights the pier?", "The Lantern lights the pier. Bram Oake carries the Lantern at night."),
        ("Who fills the Lantern with oil?", "Somebody fills the Lantern with oil on Mondays. It is old."),
        ("Who is Bram Oake?", "Bram Oake is the night watchman. He wants the clock to stop."),
        ("Who is Hollis Crane?", "Hollis Crane wants the Lantern. Bram Oake knows that."),
    ],
)
def test_who_asks_who_is_answered_with_somebody_where_the_words_leave_a_choice(asked: str, said: str) -> None:
    lantern = "The Lantern is a long lamp. The Lantern lights the pier. Bram Oake carries the Lantern at night."
    oil = "Somebody fills the Lantern with oil on Mondays. It is old.\n\nHollis Crane wants the Lantern. Bram Oake knows that."
    more = [Cited(8, "8", "Lantern", "canon", "thing", lantern), Cited(9, "9", "Oil", "canon", "lore", oil)]
    assert ask(asked, passages=(*PASSAGES, *more)).text == said


CRANE = Cited(9, "9", "Hollis", "canon", "lore", "Hollis is afraid of Bram. He hides in the mill. It is old.")


def test_what_is_said_of_somebody_else_does_not_plainly_answer_and_gives_way_to_the_talk() -> None:
    asked, passages = "What is Bram afraid of?", (*PASSAGES, CRANE)
    assert ask(asked, passages=passages).preface == UNSURE
    assert ask(asked, passages=passages, told=("Bram is afraid of geese.",)).text == "Bram is afraid of geese."
    assert ask("Who is afraid of Bram?", passages=passages).preface == ""
    assert ask("What is Hollis afraid of?", passages=passages).preface == ""


def test_who_is_asked_of_without_accents_is_answered() -> None:
    pelle = Cited(9, "9", "Þórunn", "canon", "character", "Þórunn keeps the tide tables. Þórunn is never late.")
    names = Names.of([("Þórunn", (), "character", "9")])
    for asked in ("What does Thorunn keep?", "Who is Thorunn?"):
        said = ask(asked, passages=(*PASSAGES, pelle), names=names)
        assert said == Quotation("Þórunn keeps the tide tables. Þórunn is never late.", source=9)


HANDS = "Pim winds the clock at noon. He sings. He is left-handed. He owns two hats. He fears owls."


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Who is left-handed?", "Pim winds the clock at noon. He sings. He is left-handed."),
        ("Is Pim left-handed?", "He is left-handed. He owns two hats."),
        ("Who fears owls?", "Pim: He fears owls."),
        ("Wer fürchtet Eulen?", "Ute backt Brot. Sie fürchtet Eulen."),
        ("谁最怕打雷？", "月娥开茶楼。 她最怕打雷。"),
    ],
)
def test_an_answer_says_whom_it_means_wherever_that_stands_and_in_whatever_language(asked: str, said: str) -> None:
    entries = {"Pim": HANDS, "Ute": "Ute backt Brot. Sie fürchtet Eulen.", "月娥": "月娥开茶楼。她最怕打雷。"}
    passages = [
        Cited(n, name, name, "canon", "character", text, (name,)) for n, (name, text) in enumerate(entries.items(), 1)
    ]
    assert ask(asked, passages=passages).text == said


TALK = (
    "We never use voice-over.",
    "Nobody likes the brass key.",
    "We decided that Ida eats only toast.",
    "Wir drehen nie im Regen.",
    "我们从不使用旁白。",
)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("What did we decide about voice-over?", TALK[0]),
        ("What did we say about the brass key?", TALK[1]),
        ("Have we settled anything about Ida?", TALK[2]),
        ("Was haben wir zum Regen entschieden?", TALK[3]),
        ("我们对旁白有什么决定？", TALK[4]),
    ],
)
def test_who_asks_what_was_settled_is_told_what_was_said_whatever_canon_holds(asked: str, said: str) -> None:
    assert ask(asked, told=TALK) == Quotation(said, SAID, recalled=True)


def test_who_asks_what_was_settled_about_something_nobody_spoke_of_is_not_told_of_another() -> None:
    assert not ask("What did we decide about the walrus?", told=TALK).recalled


def test_what_somebody_said_comes_before_what_a_later_page_made_of_it() -> None:
    told = (Told("Ida has a dog called Rusk. The dog rules Mars.", ours=True), Told("Ida has a dog called Rusk."))
    found = quote("What is Ida's dog called?", "", PASSAGES, told, NAMES)
    assert found == Quotation("Ida has a dog called Rusk.", SAID, recalled=True)


FOREIGN = {
    "Ute": "Ute besitzt die Mühle. Ute ist sechzig.",
    "La Posada": "La Posada tiene nueve camas. La dueña vive en Cádiz.",
    "茶楼": "茶楼建于一九二八年。茶楼有三层。",
    "早茶": "吃早茶的时候不许谈钱。",
}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Wer ist Ute?", "Ute besitzt die Mühle. Ute ist sechzig."),
        ("¿Qué es la Posada?", "La Posada tiene nueve camas. La dueña vive en Cádiz."),
        ("¿Cuántas camas tiene la Posada?", "La Posada tiene nueve camas. La dueña vive en Cádiz."),
        ("茶楼是什么时候建的？", "茶楼建于一九二八年。 茶楼有三层。"),
        ("茶楼有几层？", "茶楼建于一九二八年。 茶楼有三层。"),
        ("茶楼是什么？", "茶楼建于一九二八年。 茶楼有三层。"),
    ],
)
def test_what_a_question_asks_by_counts_as_no_topic_in_other_languages_either(asked: str, said: str) -> None:
    passages = [
        Cited(n, name, name, "canon", "place", text, (name,)) for n, (name, text) in enumerate(FOREIGN.items(), 1)
    ]
    found = ask(asked, passages=passages)
    assert (found.text, found.preface) == (said, "")


def test_what_the_next_sentence_says_does_not_make_an_answer_one_about_somebody_else() -> None:
    ann = Cited(
        9,
        "9",
        "Ann",
        "canon",
        "character",
        "Ann hums. She sings. She keeps the rope in the loft. Ann is tall.",
        ("Ann",),
    )
    assert ask("Where does Ann keep the rope?", passages=(*PASSAGES, ann)).preface == ""


def test_an_answer_that_speaks_of_a_he_begins_with_who_that_is() -> None:
    assert ask("Who hides in the mill?", passages=(CRANE,)).text == "Hollis is afraid of Bram. He hides in the mill."


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("The watchman collects hats.", "What does Old Bram collect?"),
        ("Bram Oake collects hats.", "What does the night watchman collect?"),
        ("Old Bram collects hats.", "What does Bram Oake collect?"),
        ("The night watchman collects hats.", "What does Bram Oake collect?"),
    ],
)
def test_whoever_has_several_names_or_an_office_is_one_in_the_talk(told: str, asked: str) -> None:
    names = Names.of([("Bram Oake", ("Old Bram", "the watchman"), "character", "2")])
    assert ask(asked, told=(told,), names=names) == Quotation(told, SAID, recalled=True)


def test_an_office_that_two_hold_stands_for_neither() -> None:
    twin = Cited(9, "9", "Ida Fenn", "canon", "character", "Ida Fenn was the night watchman in May.")
    said = ask("What does Bram Oake collect?", told=("The night watchman collects hats.",), passages=(*PASSAGES, twin))
    assert not said.recalled


def test_what_was_asked_as_it_was_said_is_found_where_what_it_means_is_not() -> None:
    told = (Told("The watchman collects hats."),)
    assert quote("What does the watchman collect?", "What does Bram Oake collect?", PASSAGES, told, NAMES).recalled


def test_what_a_page_made_up_is_told_as_a_page_and_not_as_said() -> None:
    talk = [("Ida has a dog.", "Ida's dog is called Rusk, I think.")]
    asked = "What is Ida's dog called?"
    assert quote(asked, "", PASSAGES, stated(talk), NAMES) == Quotation(
        "Ida's dog is called Rusk, I think.", WRITTEN, recalled=True
    )
    talk.append(("Ida's dog is called Pim.", "Good."))
    assert quote(asked, "", PASSAGES, stated(talk), NAMES) == Quotation("Ida's dog is called Pim.", SAID, recalled=True)


def test_what_somebody_says_is_noted_and_answers_later_as_said_and_once() -> None:
    noted = ask("Ida's dog is  called Pim.")
    assert noted == Quotation("Ida's dog is called Pim.", NOTED, recalled=True)
    talk = [("Ida's dog is  called Pim.", f"{noted.preface}\n{noted.text}")]
    assert len(stated(talk)) == 1
    assert quote("What is Ida's dog called?", "", PASSAGES, stated(talk), NAMES).preface == SAID


def test_what_somebody_asks_in_a_page_answers_nothing() -> None:
    page = "**ORIEL**\nWhere did you go?\n\n**BRAM**\nIt was a long day."
    assert ask("Who is Oriel?", told=(page,)) == Quotation(NOTHING)


def test_in_a_show_without_canon_a_question_is_not_answered_by_inventing() -> None:
    assert ask("Who is Ida?", passages=(), names=Names()) == Quotation(UNKNOWN)


def test_where_canon_is_there_and_nothing_was_found_nobody_says_that_there_is_none() -> None:
    assert ask("Who is Ida?", passages=()) == Quotation(NOWHERE)


def test_who_wants_to_go_on_from_nothing_is_told_so() -> None:
    assert ask("Please continue.") == Quotation(NOTHING_YET)


def test_a_question_canon_cannot_answer_is_met_with_saying_so() -> None:
    assert ask("Who sank the brass trawler in Lisbon last winter?").preface == UNSURE


def test_where_somebody_is_asked_for_by_name_alone_canon_must_still_say_it() -> None:
    crowd = tuple(
        Cited(n, str(n), f"Bram's {what}", "canon", "thing", f"Bram Oake has a {what}.")
        for n, what in enumerate(("hat", "coat", "dog", "lamp", "stick", "chair"), 5)
    )
    who, where = (ask(asked, passages=(*PASSAGES, *crowd)) for asked in ("Who is Bram?", "Where is Bram?"))
    assert (who.text.split(".")[0], who.preface) == ("Bram Oake is the night watchman", "")
    assert where.preface == UNSURE
