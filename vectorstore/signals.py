"""Signals: what speaks for a passage, each a small function over all candidates of a search.

Every function gives one number a candidate. Ratings by words and by meaning are read off what is
stored, for a candidate as for what stands before and after it, so that a changed neighbour counts
at once. Knows nothing of engines, of weights or of how the numbers are put together.
"""

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from vectorstore.passage import Origin
from vectorstore.pieces import WIDTH, nearest
from vectorstore.scene import Phrasing, Places, Scene, once

Numbers = NDArray[np.float64]

BEST = 3  # passages that speak for their whole record or day
STRESS = 1.5  # how much more a good passage counts than several fair ones
NEARER = 10.0  # how much a tenth of a cosine counts, so that its weight is of the size of the others
SATURATED = 2.0  # what a word can weigh in three passages together; in one it stays below 2.2

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
_SEVERAL = re.compile(
    r"\b(?:have|has|both)\b|\bhow (?:many|often)\b|哪些"
    r"|\b(?:what|which) (?:kind|type|sort|(?!(?:is|was|does|has)\b)\w+s)\b",
    re.IGNORECASE,
)
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


# ---- by meaning and by words ----


def meaning(scene: Scene, asked: Phrasing) -> Numbers:
    """Cosine of the passage and the question."""
    return _cosines(scene, asked)[:-1]


def nearness(scene: Scene, asked: Phrasing) -> Numbers:
    """The same as it stands, not in spreads: it counts for more where the best are nearer than the rest."""
    return NEARER * _cosines(scene, asked)[:-1]


def meaning_before(scene: Scene, asked: Phrasing) -> Numbers:
    return _cosines(scene, asked)[scene.before]


def meaning_after(scene: Scene, asked: Phrasing) -> Numbers:
    return _cosines(scene, asked)[scene.after]


def pieces(scene: Scene, asked: Phrasing) -> Numbers:
    """Each word piece of the question by the one in the passage that is nearest to it, as it stands."""
    return np.array(NEARER * _pieces(scene, asked)[:-1].sum(axis=1))


def pieces_around(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of the passage and its two neighbours read as one."""
    return np.array(NEARER * _widest(scene, asked).sum(axis=1))


def pieces_wide(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of five passages read as one, in spreads."""
    found = _pieces(scene, asked)
    further = (found[_twice(beside)] for beside in (scene.before, scene.after))
    return np.array(np.maximum.reduce([_widest(scene, asked), *further]).sum(axis=1))


def words(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25: how often the asked words occur, weighed by how rare they are."""
    return _by_words(scene, asked)[:-1]


def words_before(scene: Scene, asked: Phrasing) -> Numbers:
    return _by_words(scene, asked)[scene.before]


def words_after(scene: Scene, asked: Phrasing) -> Numbers:
    return _by_words(scene, asked)[scene.after]


def words_around(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25 of the passage and its two neighbours read as one."""
    _, rarity = _weights(scene, asked)
    return np.array(np.minimum(_window(scene, asked), SATURATED) @ rarity)


def words_wide(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25 of five passages read as one: two before, itself, two after."""
    weights, rarity = _weights(scene, asked)
    further = (_twice(beside) for beside in (scene.before, scene.after))
    return np.array(np.minimum(sum((weights[one] for one in further), _window(scene, asked)), SATURATED) @ rarity)


def covers(scene: Scene, asked: Phrasing) -> Numbers:
    """The share of the asked words, weighed by how rare they are, that occurs in the passage."""
    weights, rarity = _weights(scene, asked)
    return np.array((weights > 0)[:-1] @ rarity / max(float(rarity.sum()), 1e-9))


def covers_around(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of the passage and its two neighbours."""
    _, rarity = _weights(scene, asked)
    return np.array((_window(scene, asked) > 0) @ rarity / max(float(rarity.sum()), 1e-9))


@once
def pairs(scene: Scene, asked: Phrasing) -> Numbers:
    """The share of the question's pairs of adjacent words, rare ones counting more, that stand side by side here."""
    worth = {pair: sum(asked.words.get(word, 0.0) for word in pair) for pair in asked.pairs}
    whole = max(sum(worth.values()), 1e-9)
    shares = np.zeros(len(scene.stored))
    for place, one in enumerate(scene.stored):
        if one.pairs:
            shares[place] = sum(worth.get(pair, 0.0) for pair in sorted(one.pairs)) / whole
    return shares


@once
def together(scene: Scene, asked: Phrasing) -> Numbers:
    """How well the best three passages of the same record, or turns of the same day, answer."""
    rated = standard(words_around(scene, asked)) + standard(meaning(scene, asked)) / 2
    order = np.lexsort((-rated, scene.groups))
    ranked = scene.groups[order]
    place = np.arange(len(order)) - np.searchsorted(ranked, ranked)  # within its group, the best first
    best = place < BEST
    sums = np.bincount(ranked[best], weights=rated[order][best])
    return np.array((sums / np.bincount(ranked[best]))[scene.groups])


def together_several(scene: Scene, asked: Phrasing) -> Numbers:
    """The same where the question asks for several things, which are seldom told in one place."""
    return together(scene, asked) * float(bool(_SEVERAL.search(asked.text)))


def gathered(scene: Scene, asked: Phrasing) -> Numbers:
    """How much answers in the same record or day all together: many a fair passage, or one that stands out."""
    raised = np.exp(STRESS * _evidence(scene, asked))
    return np.log(np.bincount(scene.groups, weights=raised))[scene.groups]


def foremost(scene: Scene, asked: Phrasing) -> Numbers:
    """1 where no passage of the same record or day answers better."""
    rated = _evidence(scene, asked)
    best = np.full(int(scene.groups.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(best, scene.groups, rated)
    return np.array(rated >= best[scene.groups], float)


# ---- by what sort of passage it is ----


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


# ---- what they have in common ----


SIGNALS: tuple[Callable[[Scene, Phrasing], Numbers], ...] = (
    *(meaning, nearness, meaning_before, meaning_after),
    *(pieces, pieces_around, pieces_wide),
    *(words, words_before, words_after, words_around, words_wide),
    *(covers, covers_around, pairs, together, together_several, gathered, foremost),
    *(speaker, speaker_first, length, asks, answers, answers_when, opening),
    *(tells_time, tells_when, tells_count, tells_name, tells_why, date),
)
NAMES = tuple(signal.__name__ for signal in SIGNALS)
_AS_IT_STANDS = frozenset({nearness, pieces, pieces_around})
_PLAIN = frozenset(
    {speaker, speaker_first, asks, answers, answers_when, opening, pairs, foremost}
    | {tells_time, tells_when, tells_count, tells_name, tells_why, date}
)


def rate(scene: Scene, asked: Phrasing, names: Collection[str] = NAMES) -> dict[str, Numbers]:
    """These signals by name, [candidates] each: ratings in standard deviations from the mean over all
    candidates; what sort of passage it is, and shares, around the mean of their own kind."""
    found: dict[str, Numbers] = {}
    for signal in SIGNALS:
        if signal.__name__ not in names:
            continue
        numbers = signal(scene, asked)
        if signal in _AS_IT_STANDS:
            found[signal.__name__] = numbers - (numbers.mean() if len(numbers) else 0.0)
        else:
            found[signal.__name__] = _centred(numbers, scene.turns) if signal in _PLAIN else standard(numbers)
    return found


def standard(numbers: Numbers) -> Numbers:
    """In standard deviations from the mean; zeros where all are alike."""
    if not len(numbers):
        return np.zeros(0)
    centred = numbers - numbers.mean()
    spread = sqrt(float(centred @ centred) / len(numbers))
    return np.zeros(len(numbers)) if spread < 1e-6 else np.array(centred / spread)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two unit vectors; 0 where one is empty."""
    return float(np.dot(np.asarray(one, np.float32), np.asarray(other, np.float32))) if len(one) else 0.0


def _centred(numbers: Numbers, turns: NDArray[np.bool_]) -> Numbers:
    """Around the mean of the turns and of all others apart, so that no kind is lifted as a whole."""
    centred = np.array(numbers, float)
    for kind in (turns, ~turns):
        if kind.any():
            centred[kind] -= centred[kind].mean()
    return centred


@once
def _cosines(scene: Scene, asked: Phrasing) -> Numbers:
    if asked.vector is None or not scene.vectors.shape[1]:
        return np.zeros(len(scene.stored) + 1)
    return np.array(scene.vectors @ np.asarray(asked.vector, np.float32), float)


@once
def _pieces(scene: Scene, asked: Phrasing) -> Numbers:
    """How near each stored passage comes to each piece of the question, [stored + 1, pieces], and 0 for none."""
    wanted = np.frombuffer(asked.pieces, np.float32).reshape(-1, WIDTH)
    return np.array(nearest([*(one.pieces for one in scene.stored), b""], wanted), float)


@once
def _widest(scene: Scene, asked: Phrasing) -> Numbers:
    """The same of a passage and its two neighbours, [stored, pieces]."""
    found = _pieces(scene, asked)
    return np.maximum(found[:-1], np.maximum(found[scene.before], found[scene.after]))


@once
def _evidence(scene: Scene, asked: Phrasing) -> Numbers:
    """The ratings of a passage by itself, in one sum."""
    by_words = sum((standard(rating(scene, asked)) for rating in (words, covers, pairs)), np.zeros(len(scene.stored)))
    return np.array(by_words + standard(meaning(scene, asked)) / 2)


@once
def _by_words(scene: Scene, asked: Phrasing) -> Numbers:
    """BM25 of each stored passage, and 0 for none."""
    weights, rarity = _weights(scene, asked)
    return np.array(weights @ rarity)


@once
def _weights(scene: Scene, asked: Phrasing) -> tuple[Numbers, Numbers]:
    """What each asked word weighs in each stored passage, [stored + 1, words], and its rarity."""
    columns = {word: column for column, word in enumerate(asked.words)}
    weights = np.zeros((len(scene.stored) + 1, len(columns)))
    for row, one in zip(weights, scene.stored, strict=False):
        for word in one.words.keys() & columns.keys():
            row[columns[word]] = one.words[word]
    return weights, np.array(list(asked.words.values()))


@once
def _window(scene: Scene, asked: Phrasing) -> Numbers:
    """What each asked word weighs in a passage and its two neighbours, [stored, words]."""
    weights, _ = _weights(scene, asked)
    return np.array(weights[:-1] + weights[scene.before] + weights[scene.after])


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


def _twice(beside: Places) -> Places:
    """The neighbour's neighbour; one past the end where there is none."""
    return np.append(beside, len(beside))[beside]


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
