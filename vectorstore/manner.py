"""Manner: the signals of what sort of passage it is: who speaks, whether it asks or answers, what it tells.

Knows nothing of engines, of weights or of how the numbers are put together.
"""

import re
from functools import lru_cache

import numpy as np

from vectorstore.numbers import Numbers
from vectorstore.passage import Origin
from vectorstore.scene import Phrasing, Scene, once

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = re.compile(r"\b(" + "|".join(_MONTHS) + r")\b(?:\s+(\d{1,2})(?:st|nd|rd|th)?\b)?", re.I)
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(" + "|".join(_MONTHS) + r")\b", re.IGNORECASE)
_WHEN = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|month|date|day)\b|\bhow long\b|什么时候|何时|哪一?年|いつ", re.I)
_TIMES = frozenset(
    [
        "yesterday",
        "today",
        "tonight",
        "tomorrow",
        "last",
        "next",
        "ago",
        "since",
        "week",
        "weeks",
        "weekend",
        "month",
        "months",
        "year",
        "years",
        "morning",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
).union(_MONTHS)
_TIME_IDEOGRAMS = re.compile(r"昨天|今天|明天|去年|今年|\d+年")
_COUNT = re.compile(r"\bhow (?:many|much|often)\b|多少|几[个次]", re.IGNORECASE)
_NUMBERS = frozenset(
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "couple",
        "several",
        "once",
        "twice",
    ]
)
_ASKS = re.compile(r"[?？]")
_WORD = re.compile(r"\w+")
_KINDS = (  # of what has a name of its own
    *("place", "town", "state", "island", "school", "college", "shop", "store", "restaurant", "brand", "team", "club"),
    *("book", "novel", "movie", "film", "show", "series", "game", "song", "album", "band", "concert", "festival"),
    *("author", "writer", "artist", "musician", "singer", "actor", "character", "breed", "language", "holiday"),
    *("cit(?:y|ie)", "countr(?:y|ie)", "compan(?:y|ie)", "universit(?:y|ie)", "stor(?:y|ie)"),
)
_NAMED = re.compile(rf"\b(?:who|where|which|names?|named|called|(?:{'|'.join(_KINDS)})s?)\b", re.IGNORECASE)
_WHY = re.compile(r"\bwhy\b|\breasons?\b|\bmotivat|\binspir|\bdeci(?:de|sion)|为什么|なぜ", re.IGNORECASE)
_REASON = re.compile(
    r"\b(?:because|cause|since|so that|so i|to (?:help|make|get)|inspired?|wanted|decided|reason)\b|因为|から",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[a-z,;'] )[A-ZÀ-Þ][a-zß-ÿ]+|[\"“][A-ZÀ-Þ]")  # amid a sentence; what is quoted


def speaker(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where the one speaks whom the question names, -1 where another does, else 0."""
    named = _speakers(scene, asked)
    return _voices(scene, named[0] if len(named) == 1 else "")


def speaker_first(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of the first where the question names several: it is mostly about that one."""
    named = _speakers(scene, asked)
    return _voices(scene, named[0] if len(named) > 1 else "")


def length(scene: Scene, asked: Phrasing) -> Numbers:
    """The logarithm of the number of words."""
    return np.log1p([len(one.text.split()) for one in scene.passages])


def asks(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where the passage ends with a question, which seldom tells anything."""
    return np.array([float(one.text.rstrip(" \"'”’)*_").endswith(("?", "？"))) for one in scene.passages])


@once
def answers(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where something was asked just before."""
    texts = [*(one.passage.text for one in scene.stored), ""]
    return np.array([float(bool(_ASKS.search(texts[place]))) for place in scene.before])


def answers_when(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where something was asked just before and the question asks for a time: news are told unasked."""
    return answers(scene, asked) * float(bool(_WHEN.search(asked.text)))


def opening(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where nothing stands before on the same day, or in the same record: there the news is told."""
    first = np.array([one.origin is Origin.TURN or not one.order for one in scene.passages], bool)
    return np.array(first & (scene.before == len(scene.stored)), float)


def tells_time(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where a time is told."""
    return np.array([float(_told(one.text)[0]) for one in scene.passages])


def tells_when(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where a time is told and the question asks for one."""
    return tells_time(scene, asked) * float(bool(_WHEN.search(asked.text)))


def tells_count(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where a number is told and the question asks how many."""
    told = np.array([float(_told(one.text)[1]) for one in scene.passages])
    return told * float(bool(_COUNT.search(asked.text)))


def tells_name(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where a name is told, other than of those who speak, and the question asks for one."""
    if not _NAMED.search(asked.text):
        return np.zeros(len(scene.stored))
    told = [_names(one.text) for one in scene.passages]
    speak = {word for one in {one.speaker for one in scene.passages} for word in _WORD.findall(one)}
    others = {name for name in frozenset().union(*told) if not any(each.startswith(name) for each in speak)}
    return np.array([float(not others.isdisjoint(names)) for names in told])


def tells_why(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where a reason is told and the question asks for one."""
    if not _WHY.search(asked.text):
        return np.zeros(len(scene.stored))
    return np.array([float(_reasons(one.text)) for one in scene.passages])


@lru_cache(maxsize=4096)
def _reasons(text: str) -> bool:
    """Whether a text tells a reason."""
    return _REASON.search(text) is not None


@lru_cache(maxsize=4096)
def _names(text: str) -> frozenset[str]:
    """What looks like a name where it stands, days and months aside."""
    return frozenset(name for name in _NAME.findall(text) if name.casefold() not in _TIMES)


@lru_cache(maxsize=4096)
def _told(text: str) -> tuple[bool, bool]:
    """Whether a text tells a time, and whether it tells a number."""
    said = set(_WORD.findall(text.casefold()))
    numbers = {word for word in said if word.isdecimal()}
    time = bool(said & _TIMES) or any(len(number) == 4 for number in numbers)
    return time or bool(_TIME_IDEOGRAMS.search(text)), bool(numbers or said & _NUMBERS)


def date(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where the passage is of a month the question names, 3 where it is of the very day."""
    named = _dates(asked.text)
    if not named:
        return np.zeros(len(scene.stored))
    return np.array([max(_same(one.date, *each) for each in named) for one in scene.passages])


@once
def _speakers(scene: Scene, asked: Phrasing) -> list[str]:
    """Those who speak and whom the question names, in the order in which it names them."""
    said = [word for word in _WORD.findall(asked.text.casefold()) if len(word) > 2]
    places = {word: place for place, word in reversed(list(enumerate(said)))}
    speak = sorted({one.speaker for one in scene.passages})
    named = {one: [places[word] for word in _WORD.findall(one.casefold()) if word in places] for one in speak}
    return sorted((one for one in speak if named[one]), key=lambda one: min(named[one]))


def _voices(scene: Scene, name: str) -> Numbers:
    """1 where the one of this name speaks, -1 where another does, else 0; zeros without a name."""
    if not name:
        return np.zeros(len(scene.stored))
    return np.array([(1.0 if one.speaker == name else -1.0) if one.speaker else 0.0 for one in scene.passages])


def _dates(text: str) -> list[tuple[int, int]]:
    """Months the text names, each with its day or 0."""
    days = [(_MONTHS.index(month.lower()) + 1, int(day)) for day, month in _DAY.findall(text)]
    named = [(_MONTHS.index(month.lower()) + 1, int(day or 0)) for month, day in _MONTH.findall(text)]
    return [*days, *named]


def _same(date: str, month: int, day: int) -> float:
    parts = date[:10].split("-")
    if len(parts) != 3 or parts[1] != f"{month:02}":
        return 0.0
    return 3.0 if parts[2] == f"{day:02}" else 1.0
