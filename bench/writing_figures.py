"""Figures with their intervals: rows of one measure become means, and what whole groups drawn anew make of them.

A row's keys are metrics; one that begins with a context (``none.accuracy``) is that context's. Knows nothing of models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.gold import Asking, intervals, mean
from bench.measure import Found, found
from bench.writing_contexts import CONTEXTS, OURS

ALONE = "alone"
_PEERS = (*(one for one in CONTEXTS if one != OURS), ALONE)
Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Means by metric and their 95 % by the same names; ``notes`` are lines for the reader, worst cases first."""

    means: Mapping[str, float]
    within: Mapping[str, tuple[float, float]]
    notes: Sequence[str] = ()


def figures(name: str, rows: Sequence[Row], groups: Sequence[str], notes: Sequence[str] = ()) -> Figures:
    """``groups`` says of each row what it may not be independent of. All rows have the same keys."""
    asked = [Asking(str(at), group, "", ()) for at, group in enumerate(groups)]
    put = {metric: _named(name, metric) for metric in (rows[0] if rows else ())}
    means = {put[metric]: value for metric, value in mean(rows).items()}
    within = {put[metric]: value for metric, value in intervals(rows, asked).items()}
    return Figures({f"{name}.items": float(len(rows)), **means}, within, notes)


def joined(every: Sequence[Figures]) -> Figures:
    means = {metric: value for one in every for metric, value in one.means.items()}
    within = {metric: value for one in every for metric, value in one.within.items()}
    return Figures(means, within, [note for one in every for note in one.notes])


def result(what: str, every: Figures) -> Found:
    """The object of the bench: ours is what was found, the peers are the other contexts; ``intervals`` is beside them."""
    ours: Row = {}
    peers: dict[str, Row] = {}
    for metric, value in every.means.items():
        context, _, rest = metric.partition("|")
        (peers.setdefault(context, {}) if rest and context != OURS else ours)[rest or metric] = round(value, 4)
    bounds = {metric.removeprefix(f"{OURS}|"): [round(end, 4) for end in ends] for metric, ends in every.within.items()}
    return {**found("writing", what, ours, peers), "intervals": bounds}


def shown(told: Found) -> str:
    """A metric a line: without passages, with some at random, ours with its 95 %, with the right ones."""
    columns = [one for one in _PEERS if one in told["peers"]]
    first = max(map(len, told["ours"]), default=0) + 2
    lines = [f"{'':<{first}}{'ours':>9}{'95 %':>18}" + "".join(f"{one:>9}" for one in columns)]
    for metric, value in told["ours"].items():
        ends = told["intervals"].get(metric)
        between = f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else ""
        theirs = [told["peers"][one].get(metric) for one in columns]
        cells = "".join(f"{'-' if one is None else f'{one:.3f}':>9}" for one in theirs)
        lines.append(f"{metric:<{first}}{_short(value):>9}{between:>18}{cells}")
    return "\n".join(lines)


def _named(name: str, metric: str) -> str:
    """``none.accuracy`` of *pairs* is ``none|pairs.accuracy``."""
    context, _, rest = metric.partition(".")
    return f"{context}|{name}.{rest}" if rest and context in (*CONTEXTS, ALONE) else f"{name}.{metric}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value == round(value) and abs(value) > 1 else f"{value:.3f}"
