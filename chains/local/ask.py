"""Ask: one request to write as both engines take it, and what they do alike with its text.

Knows nothing of any engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """``takes`` answers to ``messages`` (role, text), each of at most ``tokens`` tokens.
    ``sampling`` has the fields of `chains.Sampling`; its seed is always set."""

    id: int
    messages: list[tuple[str, str]]
    sampling: dict[str, Any]
    tokens: int
    stop: tuple[str, ...] = ()
    takes: int = 1
    tenant: str = ""


def defuse(text: str, special: Sequence[str]) -> str:
    """Takes the power from tokens that end a message or open another: people and documents may
    write them, and then they are only words."""
    for token in special:
        if token in text:
            text = text.replace(token, token[0] + " " + token[1:])
    return text


def too_long(tokens: int, context: int) -> str:
    return (
        f"The prompt has {tokens} tokens and the model reads {context}: shorten it, or use a model with more context."
    )
