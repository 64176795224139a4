"""Recent: points as they were read from the shard lately, so that a conversation does not read them anew each turn.

Taking a point's vectors and payload out of the native side costs as much as finding it. Knows nothing of
filters: who asks must know that a point may still be seen.
"""

from array import array
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from struct import pack
from typing import Any

from vectorstore.passage import Passage
from vectorstore.store import passage_of, searchable

_PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class Point:
    """A passage; its ``vector``, what its words weigh under its show's own numbers, ``text`` what is searched, its
    packed ``pieces``, and the passage's ``fingerprint``."""

    passage: Passage
    vector: "array[float]"
    weights: Mapping[int, float]
    text: str
    pieces: bytes
    fingerprint: str


class Recent:
    """At most ``bound`` points, about ten kilobytes each; the one that was not asked for longest goes first."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._known: OrderedDict[str, Point] = OrderedDict()

    def missing(self, ids: Iterable[str]) -> list[str]:
        return [one for one in ids if one not in self._known]

    def marks(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """Those that are here, with their fingerprints."""
        return [(one, self._known[one].fingerprint) for one in ids if one in self._known]

    def turns(self, thread: str, depths: Collection[int]) -> list[str]:
        """The turns of a thread's depths that are here, whatever their branch."""
        points = self._known.items() if thread and depths else ()
        return [one for one, point in points if point.passage.thread == thread and point.passage.depth in depths]

    def add(self, one: str, payload: Mapping[str, Any], dense: Collection[float], sparse: Any) -> None:
        passage = passage_of(payload)
        weights = {} if sparse is None else dict(zip(sparse.indices, sparse.values, strict=True))
        pieces, mark = _pieces(payload), payload["fingerprint"]
        self._known[one] = Point(passage, _floats(dense), weights, searchable(passage), pieces, mark)

    def take(self, ids: Iterable[str]) -> list[tuple[str, Point]]:
        """Points that are here, in the order asked for. Forgets what is too much, but never one of these."""
        found = []
        for one in ids:
            if one in self._known:
                self._known.move_to_end(one)
                found.append((one, self._known[one]))
        while len(self._known) > max(self._bound, len(found)):
            self._known.popitem(last=False)
        return found

    def forget(self, ids: Iterable[str] = (), record: str = "") -> None:
        for one in ids:
            self._known.pop(one, None)
        if record:
            for one in [one for one, point in self._known.items() if point.passage.record == record]:
                del self._known[one]

    def clear(self) -> None:
        self._known.clear()


def _floats(numbers: Collection[float]) -> "array[float]":
    """As an array, in half the time that it takes to make one of a list."""
    return array("f", pack(f"{len(numbers)}f", *numbers))


def written(pieces: bytes) -> dict[str, str]:
    """Packed pieces as a part of a payload, which holds no bytes; nothing where there are none."""
    return {_PIECES: b64encode(pieces).decode()} if pieces else {}


def _pieces(payload: Mapping[str, Any]) -> bytes:
    return b64decode(payload.get(_PIECES, ""))
