"""Grounding: a citation stands where the text rests on a passage, and nowhere else."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.evidence import bearing
from chains.grounding import combined, fresh, ground, weigh
from chains.names import Names
from chains.prompt import Cited

WORLD = json.loads((Path(__file__).parent / "world.json").read_text(encoding="utf-8"))
PASSAGES = tuple(
    Cited(n, p["id"], p["title"], "canon", p["kind"], p["text"], tuple(p["names"]))
    for n, p in enumerate(WORLD["passages"], 1)
)
NAMES = Names.of((p["title"], tuple(p["names"]), p["kind"], p["id"]) for p in WORLD["passages"])
NUMBER = {p.id: p.n for p in PASSAGES}
BRAM, TIN = "Bram, the watchman, is afraid of dogs.", "Matthias keeps a harmonica in a biscuit tin under the stairs."


def cited(text: str) -> list[str]:
    return [c.passage for c in ground(text, PASSAGES, NAMES).citations]


def test_on_the_invented_world_citations_are_right_and_few_are_missed() -> None:
    right = wrong = missed = 0
    for sentence in WORLD["sentences"]:
        got, gold = set(cited(sentence["text"])), set(sentence["stands_on"])
        right, wrong, missed = right + len(got & gold), wrong + len(got - gold), missed + len(gold - got)
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.85


def test_two_everyday_words_that_a_passage_has_somewhere_are_no_evidence() -> None:
    passages = (
        Cited(1, "a", "Ines", "canon", "character", "Ines was told to wait. On the last day she left for the mill."),
    )
    names = Names.of([("Ines", (), "character", "a")])
    assert not ground("You never told me it was a day.", passages, names).citations
    for resting in ("Ines was told it.", "She was told: wait."):
        assert ground(resting, passages, names).citations


def test_what_a_sentence_says_of_a_name_that_canon_does_not_know_rests_on_nothing() -> None:
    text = "Minna plays the tuba. Her bicycle is on the ferry, and the tuba is called Gerald."
    passages = (Cited(1, "a", "Minna", "canon", "character", text),)
    names = Names.of([("Minna", (), "character", "a")])
    assert not ground("Minna's bicycle is called Rusk.", passages, names).citations
    assert ground("Minna's tuba is called Gerald.", passages, names).citations


def test_the_sentence_that_answers_a_question_is_found_among_all_passages() -> None:
    passages = [(p.title, p.names, p.text) for p in PASSAGES]
    hits = [re.search(q["right"], bearing(q["ask"], passages)[0].text.lower()) for q in WORLD["questions"]]
    assert sum(map(bool, hits)) >= 0.85 * len(hits)


def test_a_question_that_no_passage_answers_finds_no_sentence_that_speaks_of_most_of_it() -> None:
    passages = [(p.title, p.names, p.text) for p in PASSAGES]
    for ask in ("What is Bram's favourite colour?", "Who is the mother of Wren?", "What does Ilse eat for breakfast?"):
        assert bearing(ask, passages)[0].share < 0.5


def test_citations_are_numbered_in_order_of_first_use_and_stand_after_their_sentence() -> None:
    page = ground(f"{TIN} {BRAM} {TIN}", PASSAGES, NAMES)
    assert page.text == f"{TIN} [1] {BRAM} [2] {TIN} [1]"
    assert [(c.n, c.passage) for c in page.citations] == [(1, "matthias"), (2, "bram")]


@pytest.mark.parametrize("marker", ["[{}]", "【{}】"])
def test_a_marker_the_model_wrote_is_renumbered(marker: str) -> None:
    page = ground(f"{BRAM} {marker.format(NUMBER['bram'])}", PASSAGES, NAMES)
    assert page.text == f"{BRAM} [1]"
    assert [(c.n, c.passage) for c in page.citations] == [(1, "bram")]


def test_a_marker_for_a_note_that_was_not_there_is_taken_out_and_noted() -> None:
    page = ground("The rain fell [77].", PASSAGES, NAMES)
    assert page.text == "The rain fell."
    assert page.citations == ()
    assert "[77]" in page.remarks[0].text


def test_a_marker_at_a_sentence_that_does_not_rest_on_it_is_taken_out_and_noted() -> None:
    page = ground(f"Nobody in the room laughed. [{NUMBER['bell']}]", PASSAGES, NAMES)
    assert page.text == "Nobody in the room laughed."
    assert "does not rest" in page.remarks[0].text


def test_a_weak_link_is_cited_only_where_the_model_marked_it() -> None:
    weak = next(s["text"] for s in WORLD["sentences"] if s["text"].startswith("The ticket she found"))
    assert cited(weak) == []
    assert cited(f"{weak} [{NUMBER['ticket']}]") == ["ticket"]


def test_a_sentence_about_someone_else_does_not_borrow_a_passage() -> None:
    assert cited("Wren keeps it.") == []
    assert cited("Jonah and Bram.") == []


@pytest.mark.parametrize(
    "line",
    ["# Bram is afraid of dogs", "INT. DEPOT NINE ON IRON STILTS - NIGHT", "BRAM OKAFOR", "~ Bram is afraid of dogs"],
)
def test_headings_cues_and_lyrics_carry_no_marker(line: str) -> None:
    assert ground(f"{line}\n{BRAM}", PASSAGES, NAMES).text == f"{line}\n{BRAM} [1]"


def test_lines_of_dialogue_are_sentences_of_their_own() -> None:
    text = "BRAM: I am a former boxer, afraid of dogs.\nWREN: I sleep in the lost-property office."
    assert [c.passage for c in ground(text, PASSAGES, NAMES).citations] == ["bram", "wren"]


def test_chinese_sentences_are_split_and_cited() -> None:
    passages = (Cited(1, "lin", "林晓", "canon", "character", "林晓在旧车站的钟楼里养了三只黑猫。", ("林晓",)),)
    names = Names.of([("林晓", (), "character", "lin")])
    page = ground("林晓在钟楼里养了三只黑猫。明天会下雨吗？", passages, names)
    assert page.text == "林晓在钟楼里养了三只黑猫。 [1]明天会下雨吗？"


def test_a_sentence_in_another_script_that_holds_an_acronym_is_no_title() -> None:
    depot = Cited(1, "1", "仓库", "canon", "place", "仓库里有一台K-7机器人。")
    assert ground("仓库里有一台K-7机器人。", (depot,), Names()).text.endswith("[1]")


def test_what_was_quoted_is_given_to_where_it_stands_however_short_it_is() -> None:
    said = "He is left-handed."
    text = f"Nothing says so.\n{said}"
    weighed = weigh(text, PASSAGES, NAMES, preface="Nothing says so.", source=3)
    page = ground(text, PASSAGES, NAMES, weighed=weighed)
    assert page.text == f"Nothing says so.\n{said} [1]"
    assert [one.passage for one in page.citations] == [PASSAGES[2].id]


def test_names_and_numbers_from_nowhere_are_listed_as_new() -> None:
    text = "1. Bram met Tomas Reed in 1987 on Corvo Island.\nMARLOW\nUmbrellas drip. Ilse is 41."
    page = ground(text, PASSAGES, NAMES, said=["Put Marlow in."])
    assert page.fresh == ("Tomas Reed", "Corvo Island", "1987")


def test_a_canon_name_outside_the_prompt_is_not_new() -> None:
    assert fresh("Then Wren met Zora.", PASSAGES[:1], NAMES) == ("Zora",)


def test_meaning_alone_never_makes_a_citation() -> None:
    far = {"Everyone was hungry.": [0.95] * len(PASSAGES)}
    assert ground("Everyone was hungry.", PASSAGES, NAMES, likeness=far).citations == ()
    assert combined(0.4, 0.9) > combined(0.4, 0.1)


def test_closeness_of_meaning_lifts_a_paraphrase_over_the_threshold() -> None:
    weak = next(s["text"] for s in WORLD["sentences"] if s["text"].startswith("Bram used to be a boxer"))
    row = [0.7 if p.id == "bram" else 0.1 for p in PASSAGES]
    assert [c.passage for c in ground(weak, PASSAGES, NAMES, likeness={weak: row}).citations] == ["bram"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [BRAM, TIN, "It rained.", "\n", " ", "[1]", "[2]", "[99]", "【3】", "# Bram", "林晓。", "Ilse: Hm?"]
        ),
        max_size=14,
    )
)
def test_every_marker_in_a_page_resolves_and_every_citation_is_a_passage_of_the_prompt(parts: list[str]) -> None:
    page = ground(" ".join(parts), PASSAGES, NAMES)
    marks = [int(n) for n in re.findall(r"\[(\d+)\]", page.text)]
    assert set(marks) <= {c.n for c in page.citations}
    assert [c.n for c in page.citations] == list(range(1, len(page.citations) + 1))
    assert {c.passage for c in page.citations} <= {p.id for p in PASSAGES}
    assert all(0 < c.support <= 1 for c in page.citations)
    assert "【" not in page.text


@given(st.text(max_size=200))
def test_any_text_is_read_and_no_word_of_it_is_lost(text: str) -> None:
    page = ground(text, PASSAGES, NAMES)
    kept = re.sub(r"\[\d{1,3}\]|【\d{1,3}】|\s", "", page.text)
    assert kept == re.sub(r"\[\d{1,3}\]|【\d{1,3}】|\s", "", text)


def test_only_what_words_leave_open_is_compared_by_meaning() -> None:
    paraphrase = "Bram used to be a boxer before he became a watchman."
    text = f"{BRAM} [2]\n\n{paraphrase} It rained."
    assert weigh(text, PASSAGES, NAMES).doubtful == (paraphrase,)
