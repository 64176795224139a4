"""Commands: every verb once, as data plus one handler.

Slack, Discord, the REPL, /help and completion are generated from this table. Knows nothing of any
platform.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Command:
    """``usage`` is what follows the name (``[NAME]``); ``completes`` says what its argument is, so that
    a surface can complete it; ``help`` is one sentence."""

    name: str
    usage: str
    help: str
    completes: Literal["", "format", "show", "thread", "canon", "path", "source", "command", "writer"] = ""
    aliases: tuple[str, ...] = ()
