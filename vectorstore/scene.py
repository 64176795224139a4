"""The scene of a search: its candidates with what stands beside each, and the question taken apart.

What every signal is computed from, and where what several of them need is kept. Knows nothing of what
speaks for a passage.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from vectorstore.passage import Origin, Passage
from vectorstore.store import Pair, Stored

Places = NDArray[np.intp]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Phrasing:
    """One wording of the question: its ``vector`` (None without an embedder), its words with how rare
    each is, its pairs of adjacent words, and its word pieces (none where the embedder gives none)."""

    text: str
    vector: Sequence[float] | None
    words: Mapping[int, float]
    pairs: frozenset[Pair]
    pieces: bytes = b""


@dataclass(frozen=True, eq=False)
class Scene:
    """The candidates of a search; many stand beside one another. ``held`` keeps what several signals
    need of one phrasing, as long as the scene lasts."""

    stored: Sequence[Stored]
    held: dict[tuple[str, Phrasing], object] = field(default_factory=dict, repr=False)

    @cached_property
    def passages(self) -> list[Passage]:
        return [one.passage for one in self.stored]

    @cached_property
    def turns(self) -> NDArray[np.bool_]:
        """Which candidates were said in the thread."""
        return np.array([one.origin is Origin.TURN for one in self.passages], bool)

    @cached_property
    def groups(self) -> Places:
        """Which candidates belong together: passages of one record, turns of one day."""
        known: dict[tuple[str, ...], int] = {}
        return np.array([known.setdefault(_group(one), len(known)) for one in self.passages], np.intp)

    @cached_property
    def before(self) -> Places:
        """Where each one's neighbour stands among them; one past the end where it is not among them."""
        return self._beside(-1)

    @cached_property
    def after(self) -> Places:
        return self._beside(1)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """[stored + 1, dimensions]; zeros where there is none, the last row always."""
        width = max((len(one.vector) for one in self.stored), default=0)
        rows = b"".join(one.vector.tobytes() or bytes(4 * width) for one in self.stored)
        return np.frombuffer(rows + bytes(4 * width), np.float32).reshape(len(self.stored) + 1, width)

    @cached_property
    def _seats(self) -> list[tuple[object, ...]]:
        return [_seat(one) for one in self.passages]

    @cached_property
    def _places(self) -> dict[tuple[object, ...], int]:
        """By its seat, where a candidate stands among them."""
        return {seat: place for place, seat in enumerate(self._seats)}

    @cached_property
    def _last(self) -> dict[tuple[object, ...], int]:
        """By the seat without its order, the greatest order there."""
        last: dict[tuple[object, ...], int] = {}
        for one, seat in zip(self.passages, self._seats, strict=True):
            last[seat[:-1]] = max(one.order, last.get(seat[:-1], 0))
        return last

    def _beside(self, step: int) -> Places:
        places, last, none = self._places, self._last, len(self.stored)
        seated = zip(self.passages, self._seats, strict=True)
        return np.array([_neighbour(one, seat, step, places, last, none) for one, seat in seated], np.intp)


def _group(passage: Passage) -> tuple[str, ...]:
    if passage.origin is Origin.TURN:
        return ("day", passage.thread, passage.date)
    return ("record", passage.record)


def _seat(passage: Passage) -> tuple[object, ...]:
    """Where a passage stands among those it is read with; the last part is its order."""
    if passage.origin is Origin.TURN:
        return (passage.thread, passage.date, passage.depth, passage.order)
    return (passage.record, passage.version, passage.path[:1], passage.order)


def _neighbour(
    passage: Passage,
    own: tuple[object, ...],
    step: int,
    places: Mapping[tuple[object, ...], int],
    last: Mapping[tuple[object, ...], int],
    none: int,
) -> int:
    *seat, _order = own
    beside = places.get((*seat, passage.order + step))
    if beside is None and passage.origin is Origin.TURN:
        thread, date, depth = seat[0], seat[1], passage.depth + step
        beside = places.get((thread, date, depth, 0 if step > 0 else last.get((thread, date, depth), 0)))
    return none if beside is None else beside


def once(make: "Callable[[Scene, Phrasing], T]") -> "Callable[[Scene, Phrasing], T]":
    """Made once for a scene and a phrasing. What it gives is shared: it must not be written to."""

    @wraps(make)
    def found(scene: Scene, asked: Phrasing) -> T:
        key = make.__name__, asked
        if key not in scene.held:
            scene.held[key] = make(scene, asked)
        return cast("T", scene.held[key])

    return found
