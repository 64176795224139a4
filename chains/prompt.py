"""Prompt: claims for room in the model's context become messages, within a token budget.

Knows nothing of models, of how passages were found, or of platforms.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message. A last message of role ``assistant`` is continued, not answered."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage in the prompt under the number ``n`` (from 1) that [n] refers to.

    ``origin`` and ``kind`` as the passage's; ``names`` are those the passage answers to; ``place``
    is what /why shows (heading path, page, turn)."""

    n: int
    id: str
    title: str
    origin: str
    kind: str
    text: str
    names: tuple[str, ...] = ()
    place: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Dropped:
    """What did not get into the prompt, how many tokens it would have taken, and why."""

    what: str
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads. ``stable`` counts the leading messages that a prefix cache can keep.
    ``tokens`` is the prompt's size as counted, ``reserved`` what was kept free for the answer."""

    messages: tuple[Message, ...]
    passages: tuple[Cited, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    tokens: int = 0
    reserved: int = 0
    stable: int = 0
