"""Page: a finished answer with what it stands on and what was noticed about it.

Knows nothing of models, search or platforms.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """[``n``] resolved. ``support`` in 0..1 says how surely the text stands on the passage."""

    n: int
    passage: str
    title: str
    support: float


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a check noticed: ``check`` names it (``grounding``, ...), ``text`` is a sentence for
    the reader. Checks annotate; they never ask the model again."""

    check: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """``text`` is the answer with its markers made right; ``citations`` are in order of first use;
    ``fresh`` lists names (or facts) that stand in no passage, so the room can keep or drop them."""

    text: str
    citations: tuple[Citation, ...] = ()
    fresh: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
