"""Repetition: text that loops. Rep-4 is the share of four-word runs that stood before."""

from collections import Counter

from chains.page import Page, Remark
from chains.words import spans, tokens

MOST = 0.20  # of four-word runs; refrains and patter stay below it
_LOOP = 3  # times the same sentence in a row, or the same run of words at the end
_LEAST = 24  # words below which a share says nothing


def rep4(text: str) -> float:
    """The share of four-word runs that repeat an earlier one, 0..1."""
    words = tokens(text)
    runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def repetition(page: Page) -> tuple[Remark, ...]:
    """At most one remark: a sentence said over and over, else too many runs said twice."""
    said = [" ".join(tokens(page.text[start:end])) for start, end in spans(page.text)]
    long = Counter(s for s in said if len(s.split()) > 3)
    worst = max(long.values(), default=0)
    if worst >= _LOOP + 1 or _tail(tokens(page.text)):
        return (Remark("repetition", "It goes round in circles; another take may do better."),)
    if len(tokens(page.text)) >= _LEAST and rep4(page.text) > MOST:
        return (Remark("repetition", f"{rep4(page.text):.0%} of its phrases stand in it twice or more."),)
    return ()


def _tail(words: list[str]) -> bool:
    """Whether the text ends in the same two to twelve words, _LOOP times over."""
    return any(
        len(words) >= _LOOP * size and all(words[-size:] == words[-size * (i + 1) : -size * i] for i in range(1, _LOOP))
        for size in range(2, 13)
    )
