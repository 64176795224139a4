"""The retrieval benchmark: what a ranking is worth, and one small set through the whole of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.gold import Asking, Gold, intervals, mean, measure
from bench.retrieval import main
from bench.shelf import cut
from vectorstore import Origin

SAID = [
    ("Ada", "I bought a telescope with brass fittings yesterday."),
    ("Ben", "What did you look at first?"),
    ("Ada", "The rings of Saturn, from the roof of the bakery."),
    ("Ben", "I was busy planting potatoes all weekend."),
]


def folder(at: Path, kind: str, search: str, passages: list[dict[str, Any]], questions: list[dict[str, Any]]) -> Path:
    at.mkdir()
    (at / "set.json").write_text(json.dumps({"name": at.name, "kind": kind, "search": search}), encoding="utf-8")
    for name, rows in (("passages", passages), ("questions", questions)):
        (at / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return at


def conversation(at: Path) -> Path:
    passages = [
        {"id": f"{group}/{n}", "group": group, "order": n, "session": 1 + n // 2, "date": "1:56 pm on 8 May, 2023"}
        | {"speaker": who, "text": f"{text}{mark}"}
        for group, mark in (("one", ""), ("two", " Or so."))
        for n, (who, text) in enumerate(SAID)
    ]
    questions = [
        {
            "id": "q1",
            "group": "one",
            "question": "Did Ada say that she bought a telescope with brass fittings?",
            "gold": ["one/0"],
            "category": "what",
        },
        {
            "id": "q2",
            "group": "two",
            "question": "Was Ben busy planting potatoes all weekend?",
            "gold": ["two/3"],
            "category": "what",
        },
        {"id": "q3", "group": "two", "question": "Who came?", "gold": [], "category": "none"},
    ]
    return folder(at, "conversation", "within group", passages, questions)


def test_a_ranking_is_measured_by_where_the_gold_stands() -> None:
    asked = Asking("q", "g", "?", ("b", "f"))
    found = measure(["a", "b", "c", "d", "e", "f"], asked, {})
    assert found["recall@5"] == 0.5
    assert found["recall@10"] == 1.0
    assert (found["hit@1"], found["hit@5"], found["mrr@10"]) == (0.0, 1.0, 0.5)
    assert found["ndcg@10"] == pytest.approx((0.6309 + 0.3562) / (1 + 0.6309), abs=1e-4)


def test_a_session_stands_where_its_best_turn_stands() -> None:
    sessions = {"a": "s1", "b": "s1", "c": "s2", "d": "s3"}
    found = measure(["a", "c", "b", "d"], Asking("q", "g", "?", ("b", "d")), sessions)
    assert (found["session_hit@1"], found["session_recall@5"]) == (1.0, 1.0)
    assert found["session_ndcg@5"] == pytest.approx((1 + 0.5) / (1 + 0.6309), abs=1e-4)


def test_intervals_are_drawn_over_groups_and_hold_the_mean() -> None:
    questions = [Asking(str(n), f"g{n % 4}", "?", ("a",)) for n in range(40)]
    rows = [{"hit@1": float(n % 4 < 2)} for n in range(40)]
    low, high = intervals(rows, questions)["hit@1"]
    assert low <= mean(rows)["hit@1"] <= high
    assert (low, high) == (0.0, 1.0)


def test_every_passage_is_indexed_and_known_again_with_its_place(tmp_path: Path) -> None:
    long = "The ferry left at dawn with goats, flour and a harp. " * 60
    passages = [
        {"id": "a", "group": None, "order": 0, "title": "Ferry", "text": long},
        {"id": "b", "group": "x", "order": 1, "text": "Bread."},
        {"id": "c", "group": "x", "order": 0, "text": "Salt."},
    ]
    read = Gold.read(folder(tmp_path / "docs", "documents", "pooled", passages, []))
    made = cut(read)
    assert [made.whose[one.id] for one in made.passages][-2:] == ["c", "b"]
    assert sum(whose == "a" for whose in made.whose.values()) > 2
    assert {one.origin for one in made.passages} == {Origin.SOURCE}
    said = cut(Gold.read(conversation(tmp_path / "said")))
    assert {(one.speaker, one.date) for one in said.passages} == {("Ada", "2023-05-08"), ("Ben", "2023-05-08")}
    assert len({one.show for one in said.passages}) == 2


@pytest.mark.parametrize("peers", [[], ["--no-peers"]])
def test_a_set_goes_through_the_whole_bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], peers: list[str]
) -> None:
    said, out = conversation(tmp_path / "said"), tmp_path / "found.json"
    if not peers:
        pytest.importorskip("rank_bm25", reason="the peers come with the bench group")
    given = ["--set", str(said), "--cache", str(tmp_path / "cache"), "--json", str(out), *peers]
    assert main(given) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["bench"], found["set"], found["questions"]) == ("retrieval", "said", 2)
    assert found["ours"]["hit@1"] == 1.0
    assert found["ours"]["recall@10"] == 1.0
    assert set(found["categories"]) == {"what"}
    assert set(found["peers"]) == (set() if peers else {"our BM25 alone", "rank_bm25", "dense", "RRF k=60"})
    assert "session_hit@1" in capsys.readouterr().out
