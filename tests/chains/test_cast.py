"""Who and where a page is about, before any model is asked."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chains.material import Material, gather
from chains.names import Names
from chains.prompt import Cited

PASSAGES = tuple(Cited(**row) for row in json.loads(Path(__file__).with_name("clock.json").read_text(encoding="utf-8")))


def read(request: str, passages: Sequence[Cited] = PASSAGES, said: Sequence[str] = ()) -> Material:
    return gather((), request, said=said, passages=passages)


@pytest.mark.parametrize(
    ("request_", "cast"),
    [
        ("a scene between Bram and Ida", ("Bram", "Ida")),
        ("a scene between Ida and the night watchman", ("Ida", "Bram")),
        ("a scene between Zora and Ida", ("Zora", "Ida")),
        ("a scene between Ida and the baker", ("Ida", "Baker")),
        ("a scene where Bram sleeps", ("Bram", "Ida")),
        ("a scene with Zora and Ida about Biscuit", ("Zora", "Ida")),
        ("Zora and Ida argue about Bram", ("Zora", "Ida")),
        ("a scene about Bram and Zora", ("Bram", "Zora")),
        ("a scene in the rain", ("Ida", "Bram")),
        ("ZORA\nI am late.", ("Zora", "Ida")),
    ],
)
def test_the_cast_is_who_the_request_names_then_who_canon_knows(request_: str, cast: tuple[str, ...]) -> None:
    assert read(request_).cast == cast


def test_whom_a_pronoun_means_is_of_the_cast_before_all_others() -> None:
    asked, meant = "What if she slept there?", "What if Wanda Quill slept in the bakery?"
    assert gather((), asked, meaning=meant, passages=PASSAGES).cast[0] == "Wanda Quill"
    assert "Wanda Quill" not in read(asked).cast


def test_who_is_spoken_of_comes_in_where_the_passages_are_about_one_person_alone() -> None:
    ida = next(one for one in PASSAGES if one.kind == "character")
    about = replace(ida, text=f"{ida.text} She owes the baker Wanda Quill nine loaves.")
    names = Names.of([("Wanda Quill", (), "character", "w"), ("Ida Fenn", (), "character", "i")])
    assert gather((), "a scene where Ida waits", passages=[about]).cast == ("Ida",)
    assert gather((), "a scene where Ida waits", passages=[about], names=names).cast == ("Ida", "Wanda")
    assert gather((), "a scene between Ida and Zora", passages=[about], names=names).cast == ("Ida", "Zora")


def test_the_conversation_comes_before_canon_in_the_cast() -> None:
    assert read("now write the scene", said=["What if Bram lied?"]).cast == ("Bram", "Ida")


def test_a_documents_sections_are_people_and_places_like_entries_of_canon() -> None:
    bible = [
        Cited(1, "a", "The Salt Road", "source", "md", "### Pim Dorrow\n\nPim counts everything.", path=("The Salt Road", "Characters", "Pim Dorrow")),
        Cited(2, "b", "The Salt Road", "source", "md", "### The Glass Flats\n\nBurnt sand.", path=("The Salt Road", "Places", "The Glass Flats")),
    ]  # fmt: skip
    found = read("Write a scene: Pim confesses to Oriel, on the Glass Flats.", passages=bible)
    assert found.cast == ("Pim", "Oriel")
    assert found.places == ("the Glass Flats",)
    assert found.facts["pim"] == ("Pim counts everything.",)


def test_what_is_wanted_of_a_request_is_nobody_of_the_cast() -> None:
    found = read("A long scene: Ida and Bram argue about the key, 14 lines")
    assert found.cast == ("Ida", "Bram")


def test_a_verb_that_begins_a_request_is_nobody() -> None:
    found = read("Find the missing brass key.")
    assert found.cast[0] == "Ida"


def test_where_a_request_says_it_plays_is_a_place_and_nobody_of_the_cast() -> None:
    found = read("A scene in English between Ora and Bo at the Long Pier, in Bo's boat", passages=())
    assert found.cast == ("Ora", "Bo")
    assert found.places == ("the Long Pier",)
