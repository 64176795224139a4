"""Table: the slash commands as Discord wants them described, made from the table of commands.

Knows nothing of Discord's library, nor of what the commands do.
"""

import re
from collections.abc import Sequence
from typing import Any

from bot.commands import Command
from bot.surfaces.discord.verbs import STORY, here

Json = dict[str, Any]

TEXT, FILE = 3, 11
"""Kinds of options."""

FILES = ("file", "file_2", "file_3")
SAID = "what"
_WORD = re.compile(r"\b[A-Z]+\b")
_CHOICES = re.compile(r"[a-z]+(?: \| [a-z]+)+")


def commands(table: Sequence[Command] | None = None) -> list[Json]:
    """All commands as Discord takes them."""
    story = _command(
        STORY, "Begin a story here, in a thread of its own.", [_text(SAID, "What to write", required=False)]
    )
    return [story, *(_command(one.name, one.help, _options(one)) for one in (here() if table is None else table))]


def _command(name: str, about: str, options: list[Json]) -> Json:
    """Usable in servers and in direct messages to the bot."""
    return {
        "type": 1,
        "name": name,
        "description": about[:100],
        "options": options,
        "contexts": [0, 1],
        "integration_types": [0],
    }


def _options(command: Command) -> list[Json]:
    usage = command.usage
    if command.completes == "path":
        if usage.startswith("["):  # what it writes; here it hands files over
            return [_text("name", usage, required=False)]
        return [
            {"type": FILE, "name": name, "description": "What to learn", "required": name == FILES[0]} for name in FILES
        ]
    if not usage:
        return []
    words = dict.fromkeys(_WORD.findall(usage))
    option = _text(next(iter(words)).lower() if len(words) == 1 else SAID, usage, required=not usage.startswith("["))
    if _CHOICES.fullmatch(usage):
        option["choices"] = [{"name": word, "value": word} for word in usage.split(" | ")]
    elif command.completes:
        option["autocomplete"] = True
    return [option]


def _text(name: str, about: str, *, required: bool) -> Json:
    return {"type": TEXT, "name": name, "description": about[:100], "required": required}
