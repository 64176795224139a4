"""Verbs: which commands Discord has, and whose eyes their answers are for. Knows nothing of Discord's library."""

from bot.commands import AT_A_PROMPT, TABLE, Command
from bot.surfaces.eyes import changes

STORY = "story"
"""The one command that is not in the table: where there are threads, something to write begins one."""

SLASH, FORM = "int:", "form:"
"""How the events of slash commands and of forms begin."""

WRITES = frozenset({"again", "rewind"})
"""Their answers are pages."""


def here() -> list[Command]:
    """The table's commands that make sense in Discord."""
    return [command for command in TABLE if command.name not in AT_A_PROMPT]


def shared(name: str, text: str) -> bool:
    """Whether all see the answer: they do where it changes what all share, is a page, or hands pages over."""
    return name in WRITES or name == "export" or changes(name, text)
