"""The bench of the writing: its rules, its formulas, and all of it once with the writer that is no model."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.writing import main
from bench.writing_changed import altered, changes
from bench.writing_facts import Facts, put_number
from bench.writing_figures import figures, result, shown
from bench.writing_lines import depends, read
from bench.writing_text import alike, bears, bleu, copied, longest, said, self_bleu, uncited
from chains import Names


@dataclass(frozen=True)
class Told:
    id: str
    kind: str
    name: str
    aliases: tuple[str, ...]
    text: str


CANON = (
    Told("m", "character", "Mara Vane", ("Mara",), "Mara Vane keeps nine bees. She sold the Oar. Mara loves the sea."),
    Told("a", "character", "Ada Finch", ("Ada",), "Ada Finch is a baker. Her oven burns in the Mill until six."),
    Told(
        "t", "character", "Tom Rook", ("Tom",), "Tom Rook paid twenty-one florins for the Oar. He hid it from his wife."
    ),
    Told("o", "thing", "Oar", (), "The Oar is red. Tom Rook found the Oar in 1910, and lost the Oar in 1911."),
    Told("k", "thing", "Key", (), "Nobody but Ada Finch has the Key."),
    Told("w", "place", "Mill", (), "The Mill has thirty windows."),
)


def pairs() -> dict[tuple[str, str], tuple[str, ...]]:
    return {(pair.true, pair.asks): pair.false for pair in Facts(CANON).pairs(100)}


def test_a_name_gives_way_to_one_of_the_same_kind_and_pronoun_in_the_same_form() -> None:
    found = pairs()
    assert found["Mara loves the sea.", "Who loves the sea?"] == ("Ada loves the sea.",)
    assert found["The Oar is red.", "Which thing is red?"] == ("The Key is red.",)
    assert not any(asks.startswith("Who paid") for _, asks in found)  # no other of canon is a he


def test_a_number_gives_way_to_another_of_its_sort() -> None:
    found = pairs()
    assert found["Mara Vane keeps nine bees.", "Mara Vane keeps how many bees?"] == ("Mara Vane keeps six bees.",)
    asks = "Tom Rook found the Oar in which, and lost the Oar in 1911?"
    assert not [one for one in found if one[1] == asks]  # both years stand in it: none is left to put
    paid = found["Tom Rook paid twenty-one florins for the Oar.", "Tom Rook paid how many florins for the Oar?"]
    assert put_number("Nine of ninety-nine, not 19 or 9.", "nine", "six") == "Six of ninety-nine, not 19 or 9."
    assert paid == ("Tom Rook paid thirty florins for the Oar.",)


def test_a_statement_that_does_not_say_of_whom_it_speaks_makes_no_pair() -> None:
    told = {true for true, _ in pairs()}
    assert "She sold the Oar." not in told
    assert "Her oven burns in the Mill until six." not in told


def test_the_same_pairs_come_again_and_no_entry_crowds_out_another() -> None:
    few = Facts(CANON).pairs(4)
    assert few == Facts(CANON).pairs(4)
    assert len({pair.of for pair in few}) == 4


ROWS = [
    {"question": "How many bees has Mara?", "answer": "nine bees", "answers": ["nine"], "entry": "m"},
    {"question": "Who hid the Key in an oven?", "answer": "Ada Finch", "answers": ["Ada"], "entry": "k"},
    {"question": "What colour is the Oar?", "answer": "red", "entry": "o"},
    {"question": "Who is the mayor?", "answer": None},
]  # fmt: skip


def test_a_changed_canon_says_something_else_wherever_it_said_it() -> None:
    facts = Facts(CANON)
    made = changes(ROWS[:1], facts)
    assert [(one.old, one.new) for one in made] == [(("nine bees", "nine"), ("six bees", "six"))]
    text = "---\nname: nine bees\n---\n\nMara Vane keeps nine bees. Of nine bees one is lame, of ninety-nine bees none."
    assert altered(text, made) == text.replace(" nine bees", " six bees").replace("name: six", "name: nine")


def test_what_was_put_is_not_changed_again() -> None:
    rows = [
        {"question": "How many bees a week?", "answer": "nine bees a week", "entry": "b"},
        {"question": "How many bees has Ada?", "answer": "six bees", "entry": "a"},
    ]
    text = "Ada Finch buys nine bees a week. Ada Finch has six bees and two wasps."
    every = [changes(rows, Facts([*CANON[1:2], Told("b", "thing", "Hive", (), text)]), seed) for seed in range(8)]
    assert {made[0].new for made in every} >= {("six bees a week",)}
    for made in every:
        (week,), (bees,) = [one.new for one in made]
        assert altered(text, made) == f"Ada Finch buys {week}. Ada Finch has {bees} and two wasps."


def test_only_answers_with_a_name_or_number_are_changed_and_names_only_where_they_answer() -> None:
    made = changes(ROWS, Facts(CANON))
    assert [one.entry for one in made] == ["m"]
    canon = (*CANON, Told("h", "event", "Heist", (), "Ada Finch was robbed. Ada Finch had hidden the Key in the oven."))
    named = [one for one in changes(ROWS, Facts(canon)) if one.entry == "k"]
    assert [(one.old[0], one.new[0]) for one in named] == [("Ada Finch", "Mara Vane")]
    assert altered(canon[-1].text, named) == "Ada Finch was robbed. Mara Vane had hidden the Key in the oven."


def test_self_bleu_is_one_for_the_same_and_small_for_others() -> None:
    page, other = "The ferry left at dawn with goats and flour.", "Nobody in the mill has ever counted nine red bees."
    assert self_bleu([page, page, f"{page} [1]"]) == pytest.approx(1.0)
    assert self_bleu([page, other]) < 0.1
    assert self_bleu([page, page.replace("goats", "geese")]) == pytest.approx((8 / 9 * 6 / 8 * 4 / 7 * 3 / 6) ** 0.25)


def test_bleu_clips_counts_and_takes_the_length_of_the_nearest_reference() -> None:
    the = ["the"] * 7
    cat = ["the", "cat", "is", "on", "the", "mat"]
    assert bleu(the, [cat]) == pytest.approx((2 / 7 * 0.1 / 6 * 0.1 / 5 * 0.1 / 4) ** 0.25)
    assert bleu(cat[:5], [cat, cat[:5]]) == pytest.approx(1.0)
    assert bleu(cat[:5], [cat]) == pytest.approx(2.718281828 ** (1 - 6 / 5))
    assert bleu([], [cat]) == 0.0


def test_runs_are_counted_only_in_lines_that_do_not_cite_what_they_are_from() -> None:
    passage = said("The goose sat down on the ballot box for No.")
    page = "The goose sat down [1].\nOn the ballot box for No, she said.\nOn the ballot [2]."
    assert longest(uncited(page, 0), passage) == 10
    assert longest(uncited(page, 1), passage) == 6
    assert longest(uncited(page, 2), passage) == 10
    assert longest(said("a b a b c"), said("b a b c a b a b")) == 4


def test_copied_and_alike_are_shares_of_runs_of_five_words() -> None:
    one, other = said("one two three four five six"), said("nought one two three four five seven")
    assert copied(one, [other]) == 0.5
    assert copied(one[:4], [other]) == 0.0
    assert alike(one, one) == 1.0
    assert alike(one, other) == pytest.approx(1 / 4)


def test_a_passage_bears_out_a_sentence_with_its_names_and_numbers_and_half_its_words() -> None:
    names = Names.read(CANON)
    passage = "Mara Vane. Mara Vane keeps nine bees behind the Mill."
    assert bears(passage, "Mara keeps nine bees. [1]", names)
    assert not bears(passage, "Mara keeps six bees.", names)
    assert not bears(passage, "Ada keeps nine bees.", names)
    assert not bears(passage, "Mara painted nine yellow chairs and sang.", names)


def test_lines_are_held_out_where_they_share_words_with_canon() -> None:
    text = "Title: X\n\nINT. MILL - DAY\n\nMARA\n(quietly)\nNine bees keep me.\n\n> FADE\n- One\n  item of two lines.\n| a | b |"
    assert read(text) == ["Nine bees keep me.", "One item of two lines."]
    assert depends("So Mara Vane keeps her bees.", CANON)
    assert not depends("So Mara walks home in the rain.", CANON)


def test_figures_stand_beside_their_contexts_with_what_groups_make_of_them() -> None:
    rows = [{"none.accuracy": 0.0, "retrieved.accuracy": float(at % 4 < 2), "over_none": 1.0} for at in range(40)]
    told = figures("pairs", rows, [str(at % 4) for at in range(40)])
    found = result("x", told)
    assert found["ours"] == {"pairs.items": 40, "pairs.accuracy": 0.5, "pairs.over_none": 1.0}
    assert found["peers"] == {"none": {"pairs.accuracy": 0.0}}
    assert found["intervals"]["pairs.accuracy"] == [0.0, 1.0]
    assert "0.000 to 1.000" in shown(found)


def test_likelihoods_and_pages_go_through_the_product(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.json"
    given = ["--writer", "echo", "--only", "pairs", "uplift", "pages", "--most", "3", "--requests", "1", "--takes", "2"]
    assert main([*given, "--json", str(out), "--cache", str(tmp_path)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert set(found["peers"]) == {"none", "random", "gold", "alone"}
    for context in ("none", "random", "gold"):
        assert {"pairs.accuracy", "uplift.answers.bits", "uplift.lines.bits"} <= set(found["peers"][context])
    # To it is likely what stands in the prompt: so it shows that the right passages do, and at random they do not.
    bits = {context: found["peers"][context]["uplift.answers.bits"] for context in ("none", "random", "gold")}
    assert bits["gold"] < bits["random"] <= bits["none"]
    assert found["peers"]["gold"]["pairs.accuracy"] == 1.0
    assert found["peers"]["none"]["pairs.accuracy"] < 0.5
    assert 0 <= found["ours"]["takes.self_bleu"] <= 100
    assert {"originality.longest_from_passages", "pages.citations.precise"} <= set(found["ours"])
    assert "pairs.over_none" in capsys.readouterr().out


def test_without_peers_only_what_has_no_passages_is_beside_ours(tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    given = ["--writer", "echo", "--only", "uplift", "--most", "2", "--no-peers"]
    assert main([*given, "--json", str(out), "--cache", str(tmp_path)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert set(found["peers"]) == {"none"}
    assert found["ours"]["uplift.answers.saved"] > 0
