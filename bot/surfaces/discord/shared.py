"""Shared: the files of a message, brought onto the disk for as long as it takes to learn them.

Knows nothing of documents.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from bot.events import File, Inbound
from bot.surfaces.discord.busy import FAILED
from bot.surfaces.discord.files import Incoming, Unfetched
from bot.surfaces.discord.inbound import file
from bot.surfaces.discord.places import Places
from memory import Kept, Letter, Scope


class Inbox(Protocol):
    async def together(self, scope: Scope, message: str) -> tuple[Kept, ...]: ...


class Shared:
    def __init__(self, places: Places, inbox: Inbox, incoming: Incoming) -> None:
        self._places = places
        self._inbox = inbox
        self._incoming = incoming

    async def fetch(self, inbound: Inbound) -> Inbound:
        """With its files on the disk. What cannot be fetched is not there, with the reason."""
        files = inbound.files
        if about := inbound.values.get("files_of"):
            files = await self._files_of(inbound.scope, about)
        shelf = self._incoming.shelf(inbound.scope, inbound.event_id)
        await shelf.open()
        fetched, problems = [], []
        for one in files:
            try:
                fetched.append(await self._incoming.fetch(shelf, one))
            except Unfetched as error:
                problems.append(str(error))
        values: Mapping[str, str] = {**inbound.values, "problem": " ".join(problems)}
        return replace(inbound, files=tuple(fetched), text="", values=values)

    async def _files_of(self, scope: Scope, message: str) -> tuple[File, ...]:
        """The files of a message in this room, and of what was said with it."""
        kept = await self._inbox.together(scope, message)
        found = [await self._files_with(one.letter) for one in kept if one.letter.files]
        return tuple(file for files in found for file in files)

    async def _files_with(self, letter: Letter) -> tuple[File, ...]:
        """Their addresses expire, so the message is asked for again."""
        for channel in dict.fromkeys((letter.scope.room, letter.scope.thread)):
            with suppress(*FAILED, ValueError):
                found = await self._places.client.get_partial_messageable(int(channel)).fetch_message(
                    int(letter.message)
                )
                return tuple(file(one) for one in found.attachments)
        return tuple(File(name, url=url, media=media) for name, url, media in letter.files)
