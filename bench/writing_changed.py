"""Canon changed by a rule: the same questions, of a show that answers them with another name or number.

Who answers from canon says the new thing, who answers from elsewhere the old one. What has nothing to do with the show
must come out as before. Knows nothing of how the product answers.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.answers import Answer, ask
from bench.room import QUESTIONS, example
from bench.valid import VALID
from bench.writing_facts import NUMBER, Facts, put_number, short
from bench.writing_figures import Figures, Row, figures
from bench.writing_neutral import REQUESTS
from bench.writing_pages import drawn
from bot.app import Conversing
from bot.rooms import fresh
from bot.shows import ROOM
from chains import Name, unmarked
from chains.material import sentences
from chains.words import content

_SHARED = 2  # words that a sentence must share with a question to be what answers it


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose answer is another now: ``old`` and ``new`` are the ways to say them, ``put`` what stands in
    canon and what stands there instead."""

    question: str
    before: str
    entry: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    put: tuple[tuple[str, str], ...]


def changes(rows: Sequence[Mapping[str, Any]], facts: Facts, seed: int = 7) -> list[Change]:
    """Of the questions those whose answer has a number or a canon name in it, with what the answer becomes."""
    chance, every, taken = Random(seed), list[Change](), dict[str, str]()
    for row in rows:
        if row["answer"] is None:
            continue
        change = _number(row, facts, chance, taken) or _name(row, facts, chance, taken)
        if change is not None:
            taken |= dict(change.put)
            every.append(change)
    return every


def _number(row: Mapping[str, Any], facts: Facts, chance: Random, taken: Mapping[str, str]) -> Change | None:
    """The answer with another number: wherever canon has the number and what it counts, it is changed alike. One that
    canon had already would be no change."""
    text = "\n".join(entry.text for entry in facts.entries)
    said = [one for one in _ways(row) if (found := NUMBER.search(one)) and found.group() != one and one in text]
    if not said:
        return None
    old = max(said, key=len)
    number = NUMBER.findall(old)[0]
    known = [new for was, new in taken.items() if was == old]
    others = known or [put_number(old, number, other) for other in facts.other_numbers(number, old, chance)]
    new = next((one for one in others if one not in text or known), "")
    if not new:
        return None
    other = NUMBER.findall(new)[0]
    ways = tuple(one for one in _ways(row) if number in NUMBER.findall(one))
    put = tuple((one, put_number(one, number, other)) for one in said if number in NUMBER.findall(one))
    return _change(row, ways, tuple(put_number(one, number, other) for one in ways), put)


def _name(row: Mapping[str, Any], facts: Facts, chance: Random, taken: Mapping[str, str]) -> Change | None:
    """The answer with another name, in each sentence of canon that has the name and two words of the question."""
    named = [name for one in _ways(row) for name in facts.names.within(one)]
    if not named or named[0] in facts.names.within(row["question"]):
        return None
    own = set(content(row["question"]))
    holding = [
        sentence
        for entry in facts.entries
        for sentence in sentences(entry.text)
        if named[0] in facts.names.within(sentence) and len(own & set(content(sentence))) >= _SHARED
    ]
    whole = " ".join((row["question"], *holding))
    other = next(iter(facts.other_names(named[0], whole, chance)), None)
    put = [(one, facts.put(one, named[0], other)) for one in holding] if other else []
    if other is None or not put or any(not new or one in taken for one, new in put):
        return None
    return _change(row, _forms(named[0]), _forms(other), tuple(put))


def _change(
    row: Mapping[str, Any], old: tuple[str, ...], new: tuple[str, ...], put: tuple[tuple[str, str], ...]
) -> Change:
    return Change(row["question"], row.get("before", ""), row["entry"], old, new, put)


def _ways(row: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys((row["answer"], *row.get("answers", ()))))


def _forms(name: Name) -> tuple[str, ...]:
    return tuple(filter(None, (name.name, short(name))))


def altered(text: str, made: Sequence[Change]) -> str:
    """A text with everything put that was changed: names, which change in whole sentences, then numbers. What was put is
    not changed again; front matter stays as it is."""
    head, front, body = text.rpartition("\n---\n") if text.startswith("---\n") else ("", "", text)
    every = [pair for one in made for pair in one.put]
    names = {old: new for old, new in every if NUMBER.findall(old) == NUMBER.findall(new)}
    return head + front + _put(_put(body, names), {old: new for old, new in every if old not in names})


def _put(text: str, put: Mapping[str, str]) -> str:
    olds = "|".join(re.escape(old) for old in sorted(put, key=len, reverse=True))
    return re.sub(_whole(olds), lambda found: put[found.group()], text) if put else text


def _whole(pattern: str) -> str:
    """Not within a longer word or number."""
    return rf"(?<![\w-])(?:{pattern})(?![\w-])"


def changed_show(folder: Path, made: Sequence[Change]) -> Path:
    """A copy of the example show with its canon, scenes and scripts changed."""
    shutil.copytree(example(), folder)
    for path in folder.rglob("*.*"):
        path.write_text(altered(path.read_text(encoding="utf-8"), made), encoding="utf-8")
    return folder


def asked() -> list[dict[str, Any]]:
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


async def say(room: Conversing, made: Sequence[Change], *, new: bool) -> list[Row]:
    """Of each question whether the page says what this show's canon says, or else what the other's does."""
    rows = list[Row]()
    for one in made:
        scope, answer = fresh(ROOM), Answer()
        for text in filter(None, (one.before, one.question)):
            answer = await ask(room, scope, text)
        right, other = (one.new, one.old) if new else (one.old, one.new)
        says = _holds(answer.text, right)
        rows.append({"says": float(says), "says_other": float(not says and _holds(answer.text, other))})
    return rows


async def formed(room: Conversing) -> list[Row]:
    """Pages about what is in no show, by whether they are in their form."""
    pages = [await drawn(room, form, request, 1) for form, request in REQUESTS.items()]
    return [{"valid": float(VALID[one.form](unmarked(one.takes[0].text)) == "")} for one in pages]


def compared(made: Sequence[Change], original: Sequence[Row], changed: Sequence[Row]) -> Figures:
    rows = [
        {"says_new": new["says"], "says_old": new["says_other"], "unchanged_says": old["says"]}
        for old, new in zip(original, changed, strict=True)
    ]
    wrong = [
        f"changed: {one.question} {one.new[0]!r}, not {one.old[0]!r}"
        for one, row in zip(made, rows, strict=True)
        if not row["says_new"]
    ]
    return figures("changed", rows, [one.entry for one in made], wrong)


def _holds(page: str, ways: Sequence[str]) -> bool:
    text = " ".join(unmarked(page).casefold().split())
    return any(re.search(_whole(re.escape(one.casefold())), text) for one in ways)
