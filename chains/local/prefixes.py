"""Prefixes: which beginnings of prompts the engine has read before.

OpenVINO's prefix cache works in blocks of tokens and does not tell what it reused, so this record
follows it: the same blocks, the same bound, the oldest dropped first. It is a lower bound, since the
engine also reuses the begun block at the end. Knows nothing of text.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence


class Prefixes:
    """``block`` tokens a block, ``bound`` blocks remembered."""

    def __init__(self, block: int, bound: int) -> None:
        self._block = block
        self._bound = max(bound, 1)
        self._known: OrderedDict[int, None] = OrderedDict()

    def reused(self, ids: Sequence[int]) -> int:
        """How many leading tokens were read before; never all, since the last is always read."""
        known = 0
        for key in self._keys(ids[: len(ids) - 1]):
            if key not in self._known:
                break
            known += self._block
        return known

    def remember(self, ids: Sequence[int]) -> None:
        for key in self._keys(ids):
            self._known[key] = None
            self._known.move_to_end(key)
        while len(self._known) > self._bound:
            self._known.popitem(last=False)

    def _keys(self, ids: Sequence[int]) -> Iterator[int]:
        key = 0
        for start in range(0, len(ids) - self._block + 1, self._block):
            key = hash((key, *ids[start : start + self._block]))
            yield key
