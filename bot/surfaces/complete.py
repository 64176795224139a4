"""Complete: what could come next where the cursor stands: commands, their arguments, files, and in
ordinary text the names of canon. Knows nothing of where the names come from.
"""

import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from bot.commands import Command
from bot.render.safe import line

Names = Callable[[str, str], Awaitable[Sequence[str]] | Sequence[str]]
"""``names(kind, prefix)``: names of ``kind`` (as in Command.completes) that could be meant."""

_VERB = re.compile(r"/([\w-]*)$")
_ARGUMENT = re.compile(r"/([\w-]+)\s+(.*)$", re.DOTALL)
_TOKEN = re.compile(r"(?:[^\s\\]|\\.)*$")
_NAME = re.compile(r"(?:[^\W\d_a-z][\w’'-]*\s+)*[^\W\d_a-z][\w’'-]+$")


class Completions(Completer):
    def __init__(self, commands: Sequence[Command], names: Names) -> None:
        self._commands = {name: command for command in commands for name in (command.name, *command.aliases)}
        self._names = names
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Only the asynchronous form is used; names may have to be looked up."""
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        before = document.text_before_cursor
        if found := _VERB.match(before):
            for item in self._verbs(found[1], "/"):
                yield item
        elif found := _ARGUMENT.match(before):
            command = self._commands.get(found[1].lower())
            if command is not None:
                for item in await self._arguments(command, found[2], complete_event):
                    yield item
        else:
            for item in await self._canon(before):
                yield item

    def _verbs(self, prefix: str, lead: str) -> list[Completion]:
        found = [command for name, command in self._commands.items() if name.startswith(prefix)]
        fitting = {command.name: command for command in found}
        return [
            Completion(name + " " * bool(command.usage), -len(prefix), f"{lead}{name}", line(command.help))
            for name, command in fitting.items()
        ]

    async def _arguments(self, command: Command, typed: str, event: CompleteEvent) -> list[Completion]:
        match command.completes:
            case "":
                return []
            case "path":
                return self._files(_TOKEN.search(typed), event)
            case "command":
                return self._verbs(typed, "")
            case kind:
                return [Completion(name, -len(typed)) for name in await self._find(kind, typed)]

    def _files(self, token: re.Match[str] | None, event: CompleteEvent) -> list[Completion]:
        """A space in a file's name is written with a backslash before it, as in a shell."""
        typed = token[0] if token else ""
        plain = re.sub(r"\\(.)", r"\1", typed)
        ended = plain.rsplit("/", 1)[-1]
        items = []
        for found in self._paths.get_completions(Document(plain), event):
            whole = re.sub(r"([\s\\'\"])", r"\\\1", plain[: len(plain) - len(ended)] + ended + found.text)
            folder = found.display_text.endswith("/")
            items.append(Completion(whole + "/" * folder, -len(typed), found.display))
        return items

    async def _canon(self, before: str) -> list[Completion]:
        """Longest run of capitalised words first, so that a name of two words completes too."""
        run = _NAME.search(before)
        prefix = run[0] if run else ""
        while prefix:
            if names := await self._find("canon", prefix):
                return [Completion(name, -len(prefix)) for name in names if name != prefix]
            prefix = prefix.split(maxsplit=1)[1] if len(prefix.split()) > 1 else ""
        return []

    async def _find(self, kind: str, prefix: str) -> list[str]:
        found = self._names(kind, prefix)
        names = await found if inspect.isawaitable(found) else found
        return [line(name) for name in names if name.casefold().startswith(prefix.casefold())]
