"""Sets with gold evidence: a folder of passages and questions, and what a ranking of passages is worth.

A set is `set.json`, `passages.jsonl` and `questions.jsonl`. Knows nothing of search.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Metrics = dict[str, float]
_RESAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Given:
    """One passage of a set. Passages without a group stand alone."""

    id: str
    group: str
    order: int
    text: str
    title: str = ""
    session: str = ""
    date: str = ""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question with the ids of the passages that hold its answer."""

    id: str
    group: str
    text: str
    gold: tuple[str, ...]
    category: str = ""


@dataclass(frozen=True, slots=True)
class Gold:
    """``conversation`` says how to read it, ``within`` whether only a question's own group is searched."""

    name: str
    conversation: bool
    within: bool
    passages: tuple[Given, ...]
    questions: tuple[Asking, ...]

    @classmethod
    def read(cls, folder: Path) -> "Gold":
        about = json.loads((folder / "set.json").read_text(encoding="utf-8"))
        passages = tuple(
            Given(
                id=str(one["id"]),
                group=_word(one.get("group")),
                order=int(one.get("order") or 0),
                text=one["text"],
                title=_word(one.get("title")),
                session=_word(one.get("session")),
                date=_word(one.get("date")),
                speaker=_word(one.get("speaker")),
            )
            for one in _lines(folder / "passages.jsonl")
        )
        questions = tuple(
            Asking(
                str(one["id"]),
                _word(one.get("group")),
                one["question"],
                tuple(map(str, one["gold"])),
                _word(one.get("category")),
            )
            for one in _lines(folder / "questions.jsonl")
        )
        return cls(
            about.get("name", folder.name),
            about["kind"] == "conversation",
            about.get("search") == "within group",
            passages,
            questions,
        )


def measure(ranked: Sequence[str], asked: Asking, sessions: Mapping[str, str]) -> Metrics:
    """What a ranking (ids, best first, each once) is worth for one question. ``sessions`` tells the
    session of a passage in conversations; a session stands where its best turn stands."""
    gold = set(asked.gold)
    found = {f"recall@{k}": len(gold & set(ranked[:k])) / len(gold) for k in (5, 10, 25, 50)}
    found |= {f"hit@{k}": float(bool(gold & set(ranked[:k]))) for k in (1, 5)}
    found["mrr@10"] = next((1 / place for place, one in enumerate(ranked[:10], 1) if one in gold), 0.0)
    found["ndcg@10"] = _ndcg(ranked, gold, 10)
    if sessions:
        days = list(dict.fromkeys(sessions[one] for one in ranked))
        wanted = {sessions[one] for one in gold if one in sessions}
        found |= {f"session_hit@{k}": float(bool(wanted & set(days[:k]))) for k in (1, 10)}
        found["session_recall@5"] = len(wanted & set(days[:5])) / max(len(wanted), 1)
        found["session_ndcg@5"] = _ndcg(days, wanted, 5)
    return found


def mean(rows: Sequence[Metrics]) -> Metrics:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def by_category(rows: Sequence[Metrics], questions: Sequence[Asking]) -> dict[str, Metrics]:
    kinds = sorted({one.category for one in questions if one.category})
    return {
        kind: mean([row for row, one in zip(rows, questions, strict=True) if one.category == kind]) for kind in kinds
    }


def intervals(rows: Sequence[Metrics], questions: Sequence[Asking]) -> dict[str, tuple[float, float]]:
    """95 % of the means when whole groups are drawn anew: questions of one group are not independent."""
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(questions):
        groups.setdefault(one.group or one.id, []).append(place)
    members, chance = list(groups.values()), np.random.default_rng(7)
    sizes = np.array([len(one) for one in members])
    drawn = chance.integers(len(members), size=(_RESAMPLED, len(members)))
    found: dict[str, tuple[float, float]] = {}
    for name in rows[0] if rows else ():
        sums = np.array([sum(rows[place][name] for place in one) for one in members])
        means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
        found[name] = (float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975)))
    return found


def _ndcg(ranked: Sequence[str], gold: set[str], k: int) -> float:
    gained = sum(1 / math.log2(place + 1) for place, one in enumerate(ranked[:k], 1) if one in gold)
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(gold), k) + 1))
    return gained / best if best else 0.0


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _word(value: object) -> str:
    return "" if value is None else str(value)
