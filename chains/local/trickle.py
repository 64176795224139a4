"""Trickle: token ids become text that can be shown at once, and never has to be taken back.

Two things must not be shown early: half a character (tokens are bytes, characters may be four of
them) and the beginning of a stop string. Knows nothing of engines.
"""

from collections.abc import Callable, Sequence

_HALF = "\ufffd"


class Hold:
    """Feed text, get the text that cannot be part of a stop string. ``stopped`` once one was met."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self.stopped = False
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""

    def feed(self, text: str) -> str:
        if self.stopped:
            return ""
        pending = self._held + text
        cuts = [at for stop in self._stops if (at := pending.find(stop)) >= 0]
        if cuts:
            self.stopped = True
            self._held = ""
            return pending[: min(cuts)]
        keep = max((_overlap(pending, stop) for stop in self._stops), default=0)
        self._held = pending[len(pending) - keep :]
        return pending[: len(pending) - keep]

    def finish(self) -> str:
        """What was held back, once no more will come."""
        held, self._held = self._held, ""
        return held


class Trickle:
    """Feed ids, get text. The texts joined are the decoded whole, cut before the first stop string.

    Only a window of ids is decoded each time, from the last id whose text is known to be complete
    (the way vLLM does it), so the cost does not grow with the answer."""

    def __init__(self, decode: Callable[[Sequence[int]], str], stops: Sequence[str] = ()) -> None:
        self._decode = decode
        self._hold = Hold(stops)
        self._ids: list[int] = []
        self._start = 0
        self._shown = 0

    @property
    def stopped(self) -> bool:
        return self._hold.stopped

    def feed(self, ids: Sequence[int]) -> str:
        """The text that is now safe to show."""
        self._ids.extend(ids)
        text = self._fresh()
        if not text or text.endswith(_HALF):
            return ""
        self._start, self._shown = self._shown, len(self._ids)
        return self._hold.feed(text)

    def finish(self) -> str:
        """What was still held back, once no more ids will come."""
        rest = self._fresh()
        self._start = self._shown = len(self._ids)
        return self._hold.feed(rest) + self._hold.finish()

    def _fresh(self) -> str:
        known = self._decode(self._ids[self._start : self._shown])
        return self._decode(self._ids[self._start :])[len(known) :]


def _overlap(text: str, stop: str) -> int:
    """How many of the last characters of the text begin the stop string."""
    for size in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:size]):
            return size
    return 0
