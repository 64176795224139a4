"""Incoming: files that people share on a platform, on the disk for as long as it takes to learn them.

Only from the platform's own file host, never along a redirect, and never more than there is room for.
Knows nothing of documents.
"""

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.events import File
from bot.render.safe import line
from bot.surfaces.incoming import Shelf, Unfetched
from memory import Scope

__all__ = ["Incoming", "Unfetched"]

MOST = 50 * 1024 * 1024


class Incoming:
    """``host`` is where files may come from, with its scheme; ``folder`` where they are put."""

    def __init__(self, folder: Path, host: str, most: int = MOST, proxy: str = "") -> None:
        self._folder = folder
        self._host = host.rstrip("/") + "/"
        self._most = most
        self._proxy = proxy or None

    def shelf(self, scope: Scope, event: str) -> Shelf:
        """For the files of one event."""
        return Shelf(self._folder, scope.platform + scope.tenant, scope.room, event)

    async def fetch(self, shelf: Shelf, file: File) -> File:
        """The file with its bytes on the shelf. Raises Unfetched."""
        name = line(file.name)
        if not file.url.startswith(self._host):
            raise Unfetched(f"{name} is not kept by the platform, so I do not fetch it; upload it here instead.")
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=120)) as session,
                session.get(file.url, allow_redirects=False, proxy=self._proxy) as answer,
            ):
                if answer.status != 200:
                    raise Unfetched(f"{name} was not handed over (status {answer.status}); share it again.")
                data = await self._body(name, answer.content.iter_chunked(1 << 16), answer.content_length or 0)
        except (ClientError, TimeoutError, OSError) as error:
            raise Unfetched(f"{name} could not be fetched; share it again.") from error
        return await shelf.put(file, data)

    async def _body(self, name: str, chunks: AsyncIterator[bytes], promised: int) -> bytes:
        data = bytearray()
        if promised <= self._most:
            async for chunk in chunks:
                data += chunk
                if len(data) > self._most:
                    break
        if max(len(data), promised) > self._most:
            raise Unfetched(f"{name} is larger than {self._most >> 20} MB; share a smaller part of it.")
        return bytes(data)
