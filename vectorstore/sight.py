"""What a query may see, as the one filter every reading of the store takes.

``visible`` is the only maker of a ``Where``, and an engine has no way to read without one. Knows
nothing of engines: conditions are in Qdrant's own JSON form, which each engine translates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vectorstore.passage import Origin
from vectorstore.query import Query

Condition = Mapping[str, Any]

# The one status that passages of an origin have: one value is looked at in half the time of several.
_STATUSES = {Origin.SOURCE: ("learned",), Origin.TURN: ("said",)}


@dataclass(frozen=True, slots=True)
class Where:
    """``lanes`` holds the filter of each origin that can be seen at all; ``show`` is the tenant and the show,
    over which the rarity of words is counted, so that no other show shines through a score. ``thread`` is the one
    whose turns can be seen."""

    show: tuple[str, str]
    lanes: Mapping[Origin, Condition]
    thread: str

    @property
    def anything(self) -> Condition:
        """The filter of all lanes together."""
        return {"should": list(self.lanes.values())}


def corpus(tenant: str, show: str) -> Condition:
    """All of one show, whatever became of it."""
    return {"must": [_equals("tenant", tenant), _equals("show", show)]}


def visible(query: Query) -> Where | None:
    """The filter for a query; None when nothing can be seen, so that nothing need be asked."""
    sight = query.sight
    whole = corpus(sight.tenant, sight.show)["must"]
    lanes: dict[Origin, Condition] = {}
    for origin in query.origins:
        statuses = [one for one in query.statuses if one in _STATUSES.get(origin, query.statuses)]
        if not statuses:
            continue
        of_origin = [*whole, _equals("origin", origin.value), _among("status", statuses)]
        if origin is not Origin.TURN:
            lanes[origin] = {"must": of_origin}
        elif sight.thread and (paths := _paths(query)):
            path = {"must": [{"should": paths}]} if len(paths) > 1 else paths[0]
            lanes[origin] = {**path, "must": [*of_origin, _equals("thread", sight.thread), *path["must"]]}
    return Where((sight.tenant, sight.show), lanes, sight.thread) if lanes else None


def _paths(query: Query) -> list[Condition]:
    """Each branch of the path, down to where it can be seen and not into the window. What lies deeper is taken
    out, and not what lies above taken in: as a range to look up it would cost more than all else in a long thread."""
    deepest = {
        branch: min(depth, query.before - 1) if query.before else depth
        for branch, depth in query.sight.branches.items()
    }
    return [
        {"must": [_equals("branch", branch)], "must_not": [{"key": "depth", "range": {"gt": depth}}]}
        for branch, depth in deepest.items()
    ]


def _among(key: str, values: Sequence[str]) -> Condition:
    return _equals(key, values[0]) if len(values) == 1 else {"key": key, "match": {"any": list(values)}}


def _equals(key: str, value: str) -> Condition:
    return {"key": key, "match": {"value": value}}
