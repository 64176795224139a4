"""The conversational variant: which question becomes what by the rule, and one small tale through all of it."""

import json
from pathlib import Path

import pytest

from bench.gold import Asking, Given, Gold
from bench.pronouns import cast, main, spoken, talk
from chains import Format, question

TALE = [
    "Once there lived a king who had a daughter called Tephany. Tephany kept geese, and she loved the geese.",
    "When the king fell ill, Tephany sold her geese at the market. Then the king asked for bread and he slept.",
    "So Tephany baked bread, and the king ate it. He gave Tephany a silver ring, and she wept.",
    "Far away a dragon counted his coins beneath the mountain, and snow fell on the gate.",
]
ASKED = [
    ("q1", "What did Tephany keep?", "1", "geese"),
    ("q2", "What did Tephany sell at the market?", "2", "her geese"),
    ("q3", "Who gave Tephany's hand a silver ring?", "3", "the king"),
    ("q4", "What did the king ask for?", "2", "bread"),
    ("q5", "What fell on the gate?", "4", "snow"),
]


def tale() -> Gold:
    passages = tuple(Given(f"t/{at}", "t", at, text) for at, text in enumerate(TALE, 1))
    questions = tuple(Asking(id_, "t", text, (f"t/{gold}",)) for id_, text, gold, _ in ASKED)
    return Gold("tale", False, False, passages, questions)


def test_the_cast_is_known_with_the_pronoun_that_prevails() -> None:
    assert [(one.name, one.pronoun) for one in cast(TALE)] == [("Tephany", "she"), ("king", "he")]


def test_a_name_becomes_the_pronoun_its_place_asks_for() -> None:
    told = spoken(tale(), {id_: answer for id_, _, _, answer in ASKED})
    assert [one.text for one in told] == [
        "What did she keep?",
        "What did she sell at the market?",
        "Who gave her hand a silver ring?",
        "What did he ask for?",
    ]
    assert told[0].before == (("Tell me about Tephany.", ""),)
    assert told[1].before == (("What did Tephany keep?", "geese"),)
    assert told[3].before[-1] == ("Tell me about the king.", "")


def test_the_products_own_question_puts_the_name_back() -> None:
    told = spoken(tale(), {})
    chat = Format("chat", "Chat", "", "", "")
    looked_up = question(told[1].text, talk(told[1]), told[1].cast, chat)
    assert looked_up.also[0] == "What did Tephany sell at the market?"


def test_a_tale_goes_through_the_whole_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "tale", tmp_path / "found.json"
    folder.mkdir()
    (folder / "set.json").write_text('{"name": "tale", "kind": "documents", "search": "pooled"}', encoding="utf-8")
    passages = [{"id": f"t/{at}", "group": "t", "order": at, "text": text} for at, text in enumerate(TALE, 1)]
    asked = [
        {"id": id_, "group": "t", "question": text, "gold": [f"t/{gold}"], "answers": [answer]}
        for id_, text, gold, answer in ASKED
    ]
    for name, rows in (("passages", passages), ("questions", asked)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["--set", str(folder), "--cache", str(tmp_path / "cache"), "--json", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["set"] == "tale, 4 of 5 questions name one of the cast"
    assert found["ours"]["recovered_hit@5"] >= 0.85
    assert set(found["peers"]) == {"the full question", "as typed, without the talk"}
    assert "recovered_hit@5" in capsys.readouterr().out
