"""Query: what to look up, in whose sight; and what was found.

Knows nothing of Qdrant, of the ledger or of prompts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vectorstore.passage import Origin, Passage


@dataclass(frozen=True, slots=True)
class Sight:
    """What may be seen: one tenant's one show, and of turns only those of one thread on its path.

    ``branches`` maps a branch to the greatest depth visible on it. An empty ``thread`` sees no
    turns at all. There is no way to ask without one.
    """

    tenant: str
    show: str
    thread: str = ""
    branches: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """``text`` is what the person asked, ``also`` further phrasings of it (the same with its
    pronouns resolved, say), ``names`` canon names to match exactly. ``origins`` narrows the search,
    ``kinds`` are canon kinds to prefer (not a filter), ``before`` hides turns deeper than the
    window begins (they are in the prompt already; 0 hides none). ``limit`` is how many hits there are at most."""

    sight: Sight
    text: str
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = (Origin.CANON, Origin.SOURCE, Origin.TURN)
    kinds: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ("accepted", "learned", "said")
    before: int = 0
    limit: int = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. ``signals`` are the shares that make up ``score``, by name
    (``dense``, ``bm25``, ``name``, ...). ``joined`` holds adjacent passages of the same record that
    were merged into ``text``, in reading order, the hit's own included."""

    passage: Passage
    score: float
    text: str
    signals: Mapping[str, float] = field(default_factory=dict)
    joined: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """All that a search gives, best first. ``missed`` names what was considered and left out with
    the reason (a near-duplicate, the limit); ``trouble`` is a sentence when the index could not answer."""

    hits: tuple[Hit, ...] = ()
    missed: tuple[tuple[Hit, str], ...] = ()
    trouble: str = ""
    ms: float = 0.0
