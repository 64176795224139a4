"""Written: a passage as a point, with its vectors and all that a filter, a name or a search looks at.

What `vectorstore.recent` reads back. Knows nothing of engines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vectorstore.errors import StoreDamaged
from vectorstore.layout import misfit
from vectorstore.recent import written
from vectorstore.sparse import Sparse, Words, name_key, own
from vectorstore.store import Entered, payload, searchable


@dataclass(frozen=True, slots=True)
class Written:
    """A point: ``dense`` is its vector, ``words`` its words in its show's own numbers."""

    id: str
    dense: Sequence[float]
    words: Sparse
    payload: dict[str, Any]


def write(words: Words, one: Entered, dimension: int) -> Written:
    """Raises StoreDamaged where the vector is not one of this store."""
    if len(one.vector) != dimension:
        raise StoreDamaged(misfit(len(one.vector), dimension))
    passage = one.passage
    found = words.passage(searchable(passage)).of(own(passage.tenant, passage.show))
    keys = sorted({key for key in map(name_key, passage.names) if key})
    return Written(passage.id, one.vector, found, {**payload(passage), "keys": keys, **written(one.pieces)})
