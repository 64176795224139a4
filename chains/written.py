"""Written: one answer of a model, and what it cost.

Knows nothing of models, prompts or platforms.
"""

from dataclasses import dataclass
from typing import Literal

Finish = Literal["complete", "length", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and times of one answer. ``reused`` of the ``prompt`` tokens came from a prefix cache;
    times are in milliseconds from the request."""

    prompt: int = 0
    reused: int = 0
    generated: int = 0
    first_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Written:
    """One answer. ``finish`` is ``complete``, ``length`` (ran into its token bound), ``stopped``
    (was told to) or ``failed``; ``reason`` is then a sentence. ``preface`` are the words at the beginning of
    ``text`` that only introduce what others said; ``recalled``: it was said in the talk, and is not canon. ``quoted``:
    no writer wrote any of it; ``source`` is the number of the passage that it stands in, 0 where in none."""

    text: str
    finish: Finish
    usage: Usage = Usage()
    reason: str = ""
    preface: str = ""
    recalled: bool = False
    quoted: bool = False
    source: int = 0
