"""Incoming: files that people share on a platform, on the disk for as long as it takes to learn them.

Only from the platform's own file host, never along a redirect, and never more than there is room for.
Knows nothing of documents.
"""

import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.events import File
from bot.render.safe import line
from memory import Scope

MOST = 50 * 1024 * 1024
_SAFE = re.compile(r"[^\w.\- ]+")


class Unfetched(Exception):
    """A file that could not be brought here; the message says why and what to do."""


class Incoming:
    """``host`` is where files may come from, with its scheme; ``folder`` where they are put."""

    def __init__(self, folder: Path, host: str, most: int = MOST, proxy: str = "") -> None:
        self._folder = folder
        self._host = host.rstrip("/") + "/"
        self._most = most
        self._proxy = proxy or None

    def path(self, scope: Scope, file: File) -> Path:
        """Always the same for a name in a channel, so that the same file again replaces the former."""
        name = _SAFE.sub("_", line(file.name).rsplit("/", 1)[-1]).strip(". ") or "file"
        return self._room(scope) / name[-120:]

    def _room(self, scope: Scope) -> Path:
        return self._folder / _SAFE.sub("_", scope.platform + scope.tenant) / _SAFE.sub("_", scope.room)

    async def fetch(self, scope: Scope, file: File) -> Path:
        """Raises Unfetched."""
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
        path = self.path(scope, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

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

    def drop(self, scope: Scope, files: Iterable[Path]) -> None:
        for path in files:
            if path.is_relative_to(self._room(scope)):
                path.unlink(missing_ok=True)
