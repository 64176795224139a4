"""Layout: how a passage lies in a store, whichever engine keeps it; and what a store says of itself.

Loads nothing heavy. Knows nothing of engines.
"""

from collections.abc import Mapping
from typing import Any

DENSE, WORDS = "dense", "bm25"
"""A point's two vectors, by name."""

TENANT, DEPTH = "tenant", "depth"
KEYWORDS = ("show", "origin", "status")  # looked at for each passage that a search comes across
LOOKED_UP = ("record", "thread", "branch", "keys")  # read from the disk where they are asked for

SCANNED = 60_000  # kilobytes of a tenant's vectors, 40,000, that are scanned in bytes: 5 ms, nothing missed
LINKS, CARE = 16, 100  # of the graph that is built above that
CANDIDATES = 200  # that a walk through the graph keeps in sight
OVERSAMPLING = 2.0  # found by their bytes, of which the best by their vectors are taken
QUANTILE = 0.99  # of a vector's numbers that their bytes tell apart

_LAYOUT = 6  # grows when payload, vectors or the analysis of words change: an older store is rebuilt


def about(embedder: str, dimension: int) -> dict[str, Any]:
    """What a store says of itself; one that says anything else is not read."""
    return {"layout": _LAYOUT, "embedder": embedder, "dimension": dimension}


def misfit(given: int, held: int) -> str:
    """Why a vector cannot be put in or looked for, and what to do."""
    return f"The embedder gives {given} numbers and the index holds {held}; run dramaturg reindex."


def differs(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Why a store cannot be used, and what to do."""
    if there.get("layout") != here["layout"]:
        return "The index was made by another version of Dramaturg; run dramaturg reindex, which loses nothing."
    return (
        f"The index was made with the embedder {there.get('embedder')!r} and {here['embedder']!r} is set now; "
        "set it back or run dramaturg reindex."
    )
