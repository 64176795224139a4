"""What the model thinks likely, given no passages, some at random, those the search finds, and the right ones.

Three measures by the product's own scorer: pairs of a true and a false statement; how many bits a token canon saves in
what depends on it; and whether passages harm what has nothing to do with them. Nothing is written.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from bench.room import QUESTIONS
from bench.writing_contexts import Contexts, likelihoods
from bench.writing_facts import Facts
from bench.writing_figures import Figures, Row, figures
from bench.writing_lines import held_out
from bench.writing_neutral import NEUTRAL
from chains.names import Named
from chains.writer import Writer
from memory import Entry


@dataclass(frozen=True, slots=True)
class Scored:
    """One message, the mean log-likelihoods of its options by context, and whether the right passage was found."""

    by: dict[str, list[float]]
    hit: bool


async def pairs(contexts: Contexts, writer: Writer, entries: Sequence[Entry], most: int) -> Figures:
    """How often the true statement is likelier than one with another name or number. Chance is one half."""
    rows, groups, wrong = list[Row](), list[str](), list[str]()
    for pair in Facts(entries).pairs(most):
        scored = await _scored(contexts, writer, pair.asks, (pair.true, *pair.false), gold=(pair.of,))
        rows.append(_choices(scored) | {"found": float(scored.hit)})
        groups.append(pair.of)
        if rows[-1]["retrieved.accuracy"] < 1 / 2:
            wrong.append(f"pairs: most false ones are likelier than {pair.true!r}")
    return figures("pairs", rows, groups, wrong)


async def answers(contexts: Contexts, writer: Writer, entries: Sequence[Entry], most: int) -> Figures:
    """Bits a token of the answers to the questions that come with the example show."""
    every = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    plain = [one for one in every if one["answer"] and "before" not in one]
    called = {Path(entry.origin).stem: entry for entry in entries}
    rows, groups = list[Row](), list[str]()
    for one in spread(plain, most):
        entry = called[one["entry"]]
        scored = await _scored(contexts, writer, one["question"], (_sentence(one["answer"]),), gold=(entry.id,))
        rows.append(_bits(scored))
        groups.append(entry.id)
    return _with_share(figures("uplift.answers", rows, groups))


async def lines(contexts: Contexts, writer: Writer, entries: Sequence[Named], most: int) -> Figures:
    """Bits a token of lines of the show's scenes and host script, which the index of ``contexts`` has not learned."""
    rows, groups = list[Row](), list[str]()
    for line in spread(held_out(entries), most):
        scored = await _scored(contexts, writer, line.asks, (line.text,), form=line.form, whole=line.text)
        rows.append(_bits(scored))
        groups.append(line.group)
    return _with_share(figures("uplift.lines", rows, groups))


async def neutral(contexts: Contexts, writer: Writer, name: str = "neutral") -> Figures:
    """What has nothing to do with any show: is the right answer still the likelier one, and as likely?"""
    rows = list[Row]()
    for asks, right, wrong in NEUTRAL:
        scored = await _scored(contexts, writer, asks, (right, wrong), without=("random", "gold"))
        rows.append(_choices(scored) | _bits(scored))
    return figures(name, rows, [asks for asks, _, _ in NEUTRAL])


def spread(every: Sequence, most: int) -> list:
    """At most so many, evenly from all of them."""
    return [every[at * len(every) // most] for at in range(most)] if len(every) > most else list(every)


async def _scored(
    contexts: Contexts,
    writer: Writer,
    asks: str,
    options: Sequence[str],
    *,
    form: str = "chat",
    gold: Sequence[str] = (),
    whole: str = "",
    without: Sequence[str] = (),
) -> Scored:
    asked = await contexts.of(asks, form, gold, whole=whole)
    by = {
        name: await likelihoods(writer, prompt, options)
        for name, prompt in asked.prompts.items()
        if name not in without
    }
    return Scored(by, asked.hit)


def _choices(scored: Scored) -> Row:
    right = {name: mean(float(true > one) for one in false) for name, (true, *false) in scored.by.items()}
    over = right["retrieved"] - right["none"]
    return {f"{name}.accuracy": value for name, value in right.items()} | {"over_none": over}


def _bits(scored: Scored) -> Row:
    bits = {name: -one[0] / math.log(2) for name, one in scored.by.items()}
    row = {f"{name}.bits": value for name, value in bits.items()} | {"saved": bits["none"] - bits["retrieved"]}
    if "gold" in bits:
        row |= {"found": float(scored.hit), "saved_by_gold": bits["none"] - bits["gold"]}
    return row


def _with_share(one: Figures) -> Figures:
    """What the search saves of what the right passages would."""
    name = next(iter(one.means)).rpartition(".")[0]
    best = one.means.get(f"{name}.saved_by_gold", 0.0)
    share = {f"{name}.share_of_gold": one.means[f"{name}.saved"] / best} if best > 0 else {}
    return Figures({**one.means, **share}, one.within, one.notes)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
