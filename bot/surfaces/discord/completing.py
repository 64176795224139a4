"""Completing: what a person may mean while they type a command's argument.

Knows nothing of Discord's library.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.commands import find
from bot.rooms import Unbound
from bot.surfaces.discord.verbs import here
from memory import Scope, Show

MANY, LONG = 25, 100
_INNER = re.compile(r"(?P<verb>(?:history|retire|accept|reject)\s+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)

Names = Callable[[str, str, Scope], Awaitable[Sequence[str]]]
"""Names of a kind (a Command's ``completes``) that begin with a prefix, in a place."""


class Shows(Protocol):
    async def all(self, tenant: str) -> tuple[Show, ...]: ...


class Completing:
    def __init__(self, names: Names, shows: Shows, formats: Sequence[str]) -> None:
        self._names = names
        self._shows = shows
        self._formats = formats

    async def __call__(self, command: str, typed: str, scope: Scope) -> list[str]:
        """At most 25 names of at most 100 characters."""
        known = find(command)
        if known is None:
            return []
        inner = _INNER.fullmatch(typed) if command == "canon" else None
        lead, prefix = (inner["verb"], inner["rest"]) if inner else ("", typed)
        found = await self._found(known.completes, prefix, scope)
        return [lead + name for name in dict.fromkeys(found) if len(lead + name) <= LONG][:MANY]

    async def _found(self, kind: str, prefix: str, scope: Scope) -> Sequence[str]:
        match kind:
            case "command":
                every: Sequence[str] = [one.name for one in here()]
            case "format":
                every = self._formats
            case "show":  # a room that has none may choose one
                every = [show.name for show in await self._shows.all(scope.tenant)]
            case _:
                try:
                    every = await self._names(kind, prefix, scope)
                except Unbound:
                    return []
        return [name for name in every if name.casefold().startswith(prefix.casefold())]
