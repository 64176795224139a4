"""Eyes: which commands change what a whole room shares, so that all of it sees their answers.

One table for every platform whose commands can be given in private. Knows nothing of any platform.
"""

_CHANGES = frozenset({"keep", "learn", "forget", "undo", "redo", "rename"})
_CHANGES_WITH = frozenset({"show", "format", "note", "takes", "edit"})
"""These change something where something is said with them."""

_MINE = frozenset({"mine", "mine:", "me:", "for", "no", "forget"})
_CANON = ("edit", "retire", "accept", "reject")


def changes(name: str, text: str) -> bool:
    """Whether the command changes what all share."""
    first = text.split(" ")[0].casefold()
    if name == "canon":
        return first in _CANON
    if name == "remember":
        return bool(first) and first not in _MINE
    return name in _CHANGES or (name in _CHANGES_WITH and bool(text.strip()))
