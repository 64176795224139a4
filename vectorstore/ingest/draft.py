"""What a loader hands back: the blocks of a document in reading order, not yet cut into chunks.

Knows nothing of files, of limits or of how large a chunk may be.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Block:
    """Text that belongs together: a paragraph, a section, a speech, a message.

    Blocks of another ``group`` stay in other chunks unless they are tiny. A ``whole`` block
    is a chunk of its own. A ``tied`` one (a heading) never ends a chunk that it could begin.
    """

    text: str
    path: tuple[str, ...] = ()
    page: int | None = None
    speaker: str = ""
    date: str = ""
    group: int = 0
    whole: bool = False
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as its loader saw it. ``body`` is "" where the blocks, joined, say it all."""

    blocks: tuple[Block, ...]
    title: str = ""
    licence: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)
    body: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class Outline:
    """The heading path while a document is walked. Levels count from 1; deeper headings close with shallower ones."""

    _open: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, heading: str) -> tuple[str, ...]:
        """The path below ``heading``, which is clipped to 200 characters."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, " ".join(heading[:1000].split())[:200]))
        return self.path

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(heading for _, heading in self._open)
