"""Verbs: which commands Discord has, and whose eyes their answers are for. Knows nothing of Discord's library."""

from bot.commands import AT_A_PROMPT, TABLE, Command

STORY = "story"
"""The one command that is not in the table: where there are threads, something to write begins one."""

SLASH, FORM = "int:", "form:"
"""How the events of slash commands and of forms begin."""

WRITES = frozenset({"again", "rewind"})
"""Their answers are pages."""

_SHARED = WRITES | {"keep", "learn", "forget", "undo", "redo", "rename", "export"}
_SHARED_WITH = frozenset({"show", "format", "note", "takes", "edit"})
_MINE = frozenset({"mine", "mine:", "me:", "for", "no", "forget"})
_CANON = ("edit", "retire")


def here() -> list[Command]:
    """The table's commands that make sense in Discord."""
    return [command for command in TABLE if command.name not in AT_A_PROMPT]


def shared(name: str, text: str) -> bool:
    """Whether all see the answer: they do where it changes what all share."""
    first = text.split(" ")[0].casefold()
    if name == "canon":
        return first in _CANON
    if name == "remember":
        return bool(first) and first not in _MINE
    return name in _SHARED or (name in _SHARED_WITH and bool(text.strip()))
