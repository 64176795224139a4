"""Picked: which of a page's ideas a message means: *I like the second one.*

Reads numbered lines as pages have them. Knows nothing of what becomes of the idea.
"""

import re

from chains.words import NUMBERS, spans

_NTH = ("first", "second", "third", "fourth", "fifth", "sixth")
_WHAT = r"(?:one|idea|option|suggestion|version|title|twist|ending|opening)"
_MEANT = re.compile(
    rf"\b(?P<nth>{'|'.join(_NTH)}|last|[1-9](?:st|nd|rd|th))(?:\s+{_WHAT}\b|\W*$)"
    rf"|(?:\b(?:number|{_WHAT})\s+|#)(?P<number>\d{{1,2}}|{'|'.join(NUMBERS)})\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^[ \t]*(\d{1,2})[.)][ \t]+(\S.*)$", re.MULTILINE)
_SUPPOSES = re.compile(r"(?:perhaps|maybe|what if)\s+", re.IGNORECASE)
_REFUSES = re.compile(r"\b(?:not|no|never|hate|dislike|drop|except|without|instead)\b|n['’]t\b", re.IGNORECASE)
_READ = 400  # characters of a message


def picked(message: str, page: str) -> str:
    """The first sentence of the idea that is meant, as something that happens (*What if*, *Perhaps* before it are
    left out); "" where none is, or the page has no such."""
    meant = _MEANT.search(message[:_READ])
    ideas = {int(number): text.strip() for number, text in _ITEM.findall(page)}
    if meant is None or len(ideas) < 2 or _REFUSES.search(message[: meant.start()]):
        return ""
    idea = ideas.get(_number(meant["nth"] or meant["number"], max(ideas)), "")
    start, end = spans(idea)[0] if idea else (0, 0)
    return _SUPPOSES.sub("", idea[start:end], count=1).rstrip(" .!?")


def _number(said: str, last: int) -> int:
    said = said.casefold()
    if said in _NTH:
        return _NTH.index(said) + 1
    return last if said == "last" else int(said[0]) if said[-2:].isalpha() and said[0].isdigit() else _count(said)


def _count(said: str) -> int:
    return int(said) if said.isdigit() else NUMBERS[said]
