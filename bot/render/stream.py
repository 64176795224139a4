"""Stream: a page that is still being written, as terminal lines that are final and lines that are not.

Final lines are given out once and never again, at whatever width they were asked for; only what
may still change stays live. Knows nothing of screens.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.text import Text

from bot.render.markdown import Unit, parse, wrap
from bot.render.safe import Cleaner, clean

MARKER = re.compile(r"\s{0,8}\[(\d{1,3})\]")
_SPACE = re.compile(r"\s")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*\s+|[。！？][」』”’]*")


@dataclass(frozen=True, slots=True)
class Ending:
    """``lines`` end the page. ``quotes`` has, for each marker whose sentence had gone before the
    marker was known, the beginnings of those sentences."""

    lines: tuple[Text, ...]
    quotes: dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class _Row:
    """A line; whether it is final; and where the one after it begins."""

    text: Text
    gap: bool
    sure: bool
    unit: int
    end: int


class Stream:
    """One answer. ``feed`` deltas, ``paint`` as often as wanted, ``end`` once. The last ``keep`` lines
    stay live though they are final: a short page can then still get its markers where they belong."""

    def __init__(self, keep: int = 6) -> None:
        self._keep = max(keep, 1)
        self._cleaner = Cleaner()
        self._done = ""  # blocks whose lines were all given out
        self._tail = ""
        self._tail_gap = False  # an empty line stood before the tail
        self._done_units = 0
        self._unit = 0  # in the tail: the unit to go on with ...
        self._since = 0  # ... and its first character not given out
        self._begun = False

    @property
    def text(self) -> str:
        """All that was fed, clean."""
        return self._done + self._tail

    def feed(self, delta: str) -> None:
        self._tail += self._cleaner.feed(delta)

    def paint(self, width: int) -> tuple[list[Text], list[Text]]:
        """New final lines, and the live ones after them."""
        parsed = parse(self._tail)
        units = parsed.units
        if units and self._tail_gap:
            units = (replace(units[0], gap=True), *units[1:])
        rows = list(self._rest(units, width))
        free = max(len(rows) - self._keep, 0)
        given = next((n for n, row in enumerate(rows[:free]) if not row.sure), free)
        if given:
            self._begun, self._unit, self._since = True, rows[given - 1].unit, rows[given - 1].end
        if 0 < parsed.before <= self._unit:
            self._done, self._tail = self._done + self._tail[: parsed.at], self._tail[parsed.at :]
            self._done_units += parsed.before
            self._unit -= parsed.before
            self._tail_gap = units[parsed.before].gap
        return _lines(rows[:given]), _lines(rows[given:])

    def end(self, width: int, final: str = "") -> Ending:
        """What is left. With the page's ``final`` form, the markers it has and the stream had not
        are written into what is left, and quoted for what had gone."""
        self._tail += self._cleaner.close()
        here = self._done_units + self._unit
        shown = parse(self.text).units
        page = parse(clean(final)).units if final else shown
        quotes: dict[int, list[str]] = {}
        if not _same(shown[: here + 1], page[: here + 1]):
            quotes = _quotes(page, shown, len(page), 0)
            page = shown
        else:
            since = self._since
            if since and not page[here].rows:  # a table goes on by lines
                since = _after_markers(page[here].text.plain, shown[here].text.plain, since)
            quotes = _quotes(page, shown, here, since)
            self._since = since
        self._done, self._tail, self._unit = self.text, "", here
        return Ending(tuple(_lines(list(self._rest(page, width)))), quotes)

    def _rest(self, units: Sequence[Unit], width: int) -> Iterator[_Row]:
        """The lines from where we are on."""
        begun = self._begun
        for index in range(self._unit, len(units)):
            unit, since = units[index], self._since if index == self._unit else 0
            rows = wrap(unit, width, since)
            last = index == len(units) - 1
            for place, (text, end) in enumerate(rows):
                gap = unit.gap and begun and since == place == 0
                ends = place == len(rows) - 1
                # The line ends here because the next word did not fit: that word must be final too.
                sure = (end if ends else _word_end(unit.text.plain, end)) < unit.doubt and not (last and ends)
                yield _Row(text, gap, sure, index + ends, 0 if ends else end)
                begun = True


def _word_end(plain: str, start: int) -> int:
    found = _SPACE.search(plain, start)
    return found.start() if found else max(len(plain), start)


def _lines(rows: Sequence[_Row]) -> list[Text]:
    return [line for row in rows for line in ((Text(), row.text) if row.gap else (row.text,))]


def sentences(text: str) -> dict[int, list[str]]:
    """For each marker in a page's text, the beginnings of the sentences it stands after."""
    page = parse(clean(text)).units
    return _quotes(page, (), len(page), 0)


def _same(shown: Sequence[Unit], page: Sequence[Unit]) -> bool:
    bare = [[MARKER.sub("", unit.text.plain).strip() for unit in units] for units in (shown, page)]
    return bare[0] == bare[1]


def _after_markers(marked: str, plain: str, since: int) -> int:
    """The place in ``marked`` that is ``since`` in ``plain``, which has other markers."""
    until, here, at = len(plain[:since].rstrip()), 0, 0
    while here < until and at < len(marked):
        own, new = MARKER.match(plain, here), MARKER.match(marked, at)
        if new and not (own and own[1] == new[1]):
            at = new.end()
        elif own and not new:
            here = own.end()
        else:
            here, at = _after_one(plain, here), _after_one(marked, at)
    while at < len(marked) and marked[at].isspace():
        at += 1
    return at


def _after_one(text: str, at: int) -> int:
    """The place after the next character that is no space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at + 1


def _quotes(page: Sequence[Unit], shown: Sequence[Unit], before: int, since: int) -> dict[int, list[str]]:
    """Quotes for markers in units before ``before``, and in that unit before character ``since``."""
    quotes: dict[int, list[str]] = {}
    for index, unit in enumerate(page[: before + 1]):
        plain = unit.text.plain
        for found in MARKER.finditer(plain, 0, len(plain) if index < before else since):
            n = int(found[1])
            if index < len(shown) and f"[{n}]" in shown[index].text.plain:
                continue  # the reader has seen this marker where it stands
            words = _beginning(plain[: found.start()])
            if words and words not in quotes.setdefault(n, []):
                quotes[n].append(words)
    return quotes


def _beginning(before: str) -> str:
    """The first words of the sentence that ends where ``before`` ends."""
    bare = MARKER.sub("", before).rstrip()
    starts = [0, *(found.end() for found in _SENTENCE_END.finditer(bare) if found.end() < len(bare))]
    sentence = bare[starts[-1] :]
    words = sentence.split()
    short = " ".join(words[:6])[:40].rstrip(" ,;:")
    return short if short == sentence else short.rstrip(".") + "…"
