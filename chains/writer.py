"""Writer: any LangChain chat model as a stream of text with its usage.

Knows nothing of which model it is, of prompts' content, or of platforms.
"""

from dataclasses import dataclass
from typing import Literal


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
class Card:
    """What is known of a writer: its name (the ``--writer`` string), its context in tokens, whether
    it is small (formats then use their skeleton), and whether it can ``continue`` an assistant
    message, pick by likelihood (``choose``) and draw several takes at once (``batch``)."""

    name: str
    context: int
    small: bool
    prefill: bool = False
    choose: bool = False
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One answer. ``finish`` is ``complete``, ``length`` (ran into its token bound), ``stopped``
    (was told to) or ``failed``; ``reason`` is then a sentence."""

    text: str
    finish: Literal["complete", "length", "stopped", "failed"]
    usage: Usage = Usage()
    reason: str = ""
