"""Reading: what a transformers model has read before, kept so as not to read it twice.

Key-value caches by tenant and content, the oldest dropped first, within a bound of bytes. Two traps
of transformers' caches are handled here and nowhere else: `crop` takes how many tokens to *remove*,
as a negative number, and the last token of a prompt must stay unread, or nothing follows it.
Knows nothing of text.
"""

import copy
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from transformers import DynamicCache

_WORTH = 32  # tokens that must differ before a copy is made to keep both


class Shelf:
    """``bound`` in bytes. Safe to use from two threads."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._kept: OrderedDict[tuple[str, tuple[int, ...]], Any] = OrderedDict()
        self._lock = Lock()

    def take(self, tenant: str, ids: Sequence[int], config: Any) -> tuple[Any, int]:
        """A cache that holds the beginning of ``ids``, for the caller to go on with, and how many."""
        with self._lock:
            best, known = None, 0
            for key in self._kept:
                if key[0] == tenant and (same := _common(key[1], ids)) > known:
                    best, known = key, same
            known = min(known, len(ids) - 1)
            if best is None or known < 1:
                return DynamicCache(config=config), 0
            if len(best[1]) - known > _WORTH:
                self._kept.move_to_end(best)
                cache = copy.deepcopy(self._kept[best])
            else:
                cache = self._kept.pop(best)
        surplus = cache.get_seq_length() - known
        if surplus > 0:
            cache.crop(-surplus)
        return cache, known

    def put(self, tenant: str, ids: Sequence[int], cache: Any) -> None:
        """Keeps a cache that holds exactly ``ids``."""
        with self._lock:
            self._kept[(tenant, tuple(ids))] = cache
            self._kept.move_to_end((tenant, tuple(ids)))
            while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._bound:
                self._kept.popitem(last=False)


def _common(known: Sequence[int], ids: Sequence[int]) -> int:
    size = 0
    for a, b in zip(known, ids, strict=False):
        if a != b:
            break
        size += 1
    return size


def _bytes(cache: Any) -> int:
    return sum(
        int(tensor.numel()) * int(tensor.element_size())
        for layer in cache.layers
        for tensor in (layer.keys, layer.values)
        if tensor is not None
    )
