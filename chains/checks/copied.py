"""Copied: words that stand in a row in a passage, too many for chance, without saying where they are from."""

import re

from chains.fence import MARKER
from chains.page import Page, Remark
from chains.prompt import Cited, Prompt
from chains.words import TOKEN

RUN = 20  # words in a row; of Chinese or Japanese, characters


def copied(page: Page, prompt: Prompt) -> tuple[Remark, ...]:
    """A remark for each passage that is copied from, about the longest run. A marker of the passage within the
    lines that hold the run says where it is from; grounding sets none in songs, tables and stage directions."""
    words = [one for one in TOKEN.finditer(page.text) if not _in_marker(page.text, one)]
    said = [one.group().casefold() for one in words]
    if len(said) < RUN:
        return ()
    marked = {cited.n: cited.passage for cited in page.citations}
    remarks = []
    for passage in prompt.passages:
        runs = [(last - first, words[first].start(), words[last - 1].end()) for first, last in _runs(said, passage)]
        unsaid = [size for size, start, end in runs if passage.id not in _cited(page.text, start, end, marked)]
        if unsaid:
            told = f"{max(unsaid)} words in a row are those of {passage.label}, and it does not say so."
            remarks.append(Remark("copied", told))
    return tuple(remarks)


def _runs(said: list[str], passage: Cited) -> list[tuple[int, int]]:
    """Where words stand as in the passage, RUN in a row at least: first and beyond last, apart from each other."""
    theirs = [one.group().casefold() for one in TOKEN.finditer(passage.text)]
    known = {tuple(theirs[at : at + RUN]) for at in range(len(theirs) - RUN + 1)}
    runs = list[tuple[int, int]]()
    for first in range(len(said) - RUN + 1) if known else ():
        if tuple(said[first : first + RUN]) not in known:
            continue
        if runs and first < runs[-1][1]:
            runs[-1] = runs[-1][0], first + RUN
        else:
            runs.append((first, first + RUN))
    return runs


def _cited(text: str, start: int, end: int, marked: dict[int, str]) -> set[str]:
    """The passages that the lines of a stretch of the text cite."""
    first, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    lines = text[first : line_end if line_end >= 0 else len(text)]
    numbers = [int(one.group(1) or one.group(2)) for one in MARKER.finditer(lines)]
    return {marked[n] for n in numbers if n in marked}


def _in_marker(text: str, word: re.Match[str]) -> bool:
    found = MARKER.match(text, max(0, word.start() - 1))
    return found is not None and found.end() == word.end() + 1
