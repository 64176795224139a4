"""How much of a question's search survives when it is asked as people ask in a talk: with pronouns.

A rule makes the variant. The cast of a tale is its proper names and the persons it calls by what they are ("the
king"), each with the pronoun that prevails near it. A question that names one of them is asked again with *she*, *he* or
*they* in its place, after two turns: an earlier question about the same tale, and the last one that names the same
person, with their answers. Where no question before does, somebody says "Tell me about the king.". Both go through the
product's own question and search. Knows nothing of how either works.
"""

import argparse
import asyncio
import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.gold import Asking, Gold, Metrics, intervals, mean, measure
from bench.measure import Found, arguments, found, give, table
from bench.shelf import Shelf, cut, ranking
from bench.vectors import Kept, default_cache
from chains import Format, Names
from chains.names import candidates
from chains.question import question
from memory import Conversation, Room, Scope, Show, Take, TakeStatus, Thread, Turn
from vectorstore.embedding import Embedder
from vectorstore.query import Query

LIMIT = 20
LEAST = 3  # times a tale must speak of a person to have it in its cast
_HE = "king prince boy man husband father brother son lord knight farmer miller fisherman shepherd wizard tailor smith"
_SHE = "queen princess girl woman wife mother sister daughter lady witch maiden stepmother hen widow grandmother bride"
_GENDER = dict.fromkeys(_HE.split(), "he") | dict.fromkeys(_SHE.split(), "she")
_PUT = {
    "he": ("he", "him", "his"),
    "she": ("she", "her", "her"),
    "": ("they", "them", "their"),
}
_PERSON = re.compile(rf"\bthe ((?:old |young |poor )?(?:{'|'.join(_GENDER)}))\b", re.IGNORECASE)
_NEAR = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
_REACH = 120  # characters after a name in which its pronoun is looked for
# After these a person is whom something is done to; elsewhere it does something.
_DONE_TO = re.compile(
    r"\b(?:to|of|for|with|from|by|at|on|about|against|upon|see|tell|give|ask|help|make|let)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Person:
    """One of a tale's cast, as an entry of its canon would have it."""

    id: str
    name: str
    pronoun: str
    kind: str = "character"
    aliases: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.name}: {self.pronoun}." if self.pronoun else self.name


@dataclass(frozen=True, slots=True)
class Spoken:
    """A question as it is said in a talk, after ``before`` (what was asked and what was answered)."""

    full: Asking
    text: str
    before: tuple[tuple[str, str], ...]
    cast: Names


def cast(texts: Sequence[str]) -> list[Person]:
    """The persons of a tale, the most spoken of first."""
    whole = "\n".join(texts)
    lower = frozenset(re.findall(r"\b[a-z]+\b", whole))
    counts = Counter({name: len(_named(name, whole)) for text in texts for name in candidates(text, lower)})
    counts.update(match.group(1).casefold() for match in _PERSON.finditer(whole))
    return [
        Person(name, name, _pronoun(name, whole))
        for name, times in counts.most_common()
        if times >= LEAST and len(name) > 2
    ]


def _pronoun(name: str, text: str) -> str:
    known = _GENDER.get(name.split()[-1].casefold())
    if known:
        return known
    near = Counter(
        "he" if word.casefold().startswith("hi") or word.casefold() == "he" else "she"
        for match in _named(name, text)
        for word in _NEAR.findall(text[match.end() : match.end() + _REACH])
    )
    return near.most_common(1)[0][0] if near else ""


def _named(name: str, text: str) -> list[re.Match[str]]:
    return list(re.finditer(rf"\b(?:the )?{re.escape(name)}\b(?P<own>['’]s?(?!\w))?", text, re.IGNORECASE))


def spoken(gold: Gold, answers: Mapping[str, str]) -> list[Spoken]:
    """The questions that name one of their tale's cast, with pronouns; ``answers`` by question id."""
    tales: dict[str, list[str]] = {}
    for one in gold.passages:
        tales.setdefault(one.group, []).append(one.text)
    casts = {group: cast(texts) for group, texts in tales.items()}
    names = {group: Names.read(people) for group, people in casts.items()}
    asked: dict[str, list[Asking]] = {}
    told: list[Spoken] = []
    for one in gold.questions:
        earlier = asked.setdefault(one.group, [])
        meant = next((person for person in casts.get(one.group, ()) if _named(person.name, one.text)), None)
        if meant is not None and one.gold:
            before = _before(meant, earlier, answers)
            told.append(Spoken(one, _with_pronoun(one.text, meant), before, names[one.group]))
        earlier.append(one)
    return told


def _before(meant: Person, earlier: Sequence[Asking], answers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    last = next((one for one in reversed(earlier) if _named(meant.name, one.text)), None)
    naming = (last.text, answers.get(last.id, "")) if last else (f"Tell me about {_called(meant)}.", "")
    first = next((one for one in reversed(earlier) if one is not last), None)
    return ((first.text, answers.get(first.id, "")), naming) if first else (naming,)


def _called(person: Person) -> str:
    return f"the {person.name}" if person.name.islower() else person.name


def _with_pronoun(text: str, meant: Person) -> str:
    does, done_to, own = _PUT[meant.pronoun]

    def put(match: re.Match[str]) -> str:
        word = own if match["own"] else done_to if _DONE_TO.search(text[: match.start()]) else does
        return word.capitalize() if match.start() == 0 else word

    return re.sub(rf"\b(?:the )?{re.escape(meant.name)}\b(?P<own>['’]s?(?!\w))?", put, text, flags=re.IGNORECASE)


def talk(one: Spoken) -> Conversation:
    scope = Scope("bench", "bench", "room", "th")
    turns = tuple(
        Turn(
            str(depth), "th", None, depth, "main", "Ana", said, "chat",
            Take(f"k{depth}", str(depth), 1, told, TakeStatus.COMPLETE),
        )
        for depth, (said, told) in enumerate(one.before, 1)
    )  # fmt: skip
    return Conversation(Show("s", "bench", "s"), Room(scope), Thread("th", scope, "s"), turns)


async def run(args: argparse.Namespace) -> tuple[Found, str]:
    gold = Gold.read(args.set)
    told = spoken(gold, _answers(args.set))
    chat = Format("chat", "Chat", "", "", "")
    embedder = Embedder()
    kept = Kept(embedder, args.cache)
    rows: dict[str, list[Metrics]] = {"in a talk": [], "the full question": [], "as typed, without the talk": []}
    with tempfile.TemporaryDirectory() as folder:
        shelf = await Shelf.fill(cut(gold), kept, Path(folder))
        try:
            for one in told:
                sight = shelf.cut.sight(one.full)
                looked_up = question(one.text, talk(one), one.cast, chat).query(sight)
                queries = (looked_up, Query(sight, one.full.text), Query(sight, one.text))
                for name, query in zip(rows, queries, strict=True):
                    hits = await shelf.find(replace(query, limit=LIMIT))
                    rows[name].append(measure(ranking(hits, shelf.cut.whose), one.full, {}))
        finally:
            await shelf.close()
            kept.close()
            await embedder.close()
    return _told(gold, told, rows)


def _told(gold: Gold, told: Sequence[Spoken], rows: Mapping[str, list[Metrics]]) -> tuple[Found, str]:
    ours, full, typed = (mean(one) for one in rows.values())
    recovered = ours["hit@5"] / full["hit@5"]
    shown = ("hit@1", "hit@5", "mrr@10", "recall@10")
    result = found(
        "pronouns",
        f"{gold.name}, {len(told)} of {len(gold.questions)} questions name one of the cast",
        {**{name: ours[name] for name in shown}, "recovered_hit@5": recovered},
        {
            "the full question": {name: full[name] for name in shown},
            "as typed, without the talk": {name: typed[name] for name in shown},
        },
    )
    asked = [one.full for one in told]
    low, high = intervals(rows["in a talk"], asked)["hit@5"]
    return result, f"{table(result)}\n\nhit@5 in a talk, 95 %: {low:.3f}-{high:.3f}"


def _answers(folder: Path) -> dict[str, str]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").split("\n")
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return {str(row["id"]): str(row["answers"][0]) for row in rows if row.get("answers")}


def main(argv: list[str]) -> int:
    parser = arguments("pronouns", __doc__)
    parser.add_argument("--set", type=Path, required=True, help="a folder of tales with questions and answers")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where vectors are kept")
    args = parser.parse_args(argv)
    result, shown = asyncio.run(run(args))
    return give(result, args, shown)
