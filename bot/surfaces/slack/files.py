"""Files: what people share in Slack, brought onto the disk for as long as it takes to learn it.

Only from Slack's own file host, never along a redirect (the token goes with the request), and what is
no file but a page to sign in on is told apart. Knows nothing of documents.
"""

from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.events import File
from bot.surfaces.incoming import Shelf, Unfetched
from memory import Scope

__all__ = ["Incoming", "Unfetched"]

MOST = 50 * 1024 * 1024


class Incoming:
    """``host`` is where files may come from, with its scheme; ``folder`` where they are put."""

    def __init__(self, folder: Path, host: str, most: int = MOST) -> None:
        self._folder = folder
        self._host = host.rstrip("/") + "/"
        self._most = most

    def shelf(self, scope: Scope, event: str) -> Shelf:
        """For the files of one event."""
        return Shelf(self._folder, scope.tenant, scope.room, event)

    async def fetch(self, shelf: Shelf, file: File, token: str) -> File:
        """The file with its bytes on the shelf. Raises Unfetched."""
        if not file.url.startswith(self._host):
            raise Unfetched(f"{file.name} is not kept by Slack, so I do not fetch it; upload it here instead.")
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=120)) as session,
                session.get(file.url, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise Unfetched(f"Slack did not hand over {file.name} (status {answer.status}); share it again.")
                if answer.content_type == "text/html" and file.media != "text/html":
                    raise Unfetched(f"Slack did not let me read {file.name}: the app needs the scope files:read.")
                data = await self._body(file, answer.content.iter_chunked(1 << 16), answer.content_length or 0)
        except (ClientError, TimeoutError, OSError) as error:
            raise Unfetched(f"{file.name} could not be fetched from Slack; share it again.") from error
        return await shelf.put(file, data)

    async def _body(self, file: File, chunks: object, promised: int) -> bytes:
        data = bytearray()
        async for chunk in chunks:  # type: ignore[attr-defined]  # aiohttp's own iterator has no public type
            data += chunk
            if max(len(data), promised) > self._most:
                raise Unfetched(f"{file.name} is larger than {self._most >> 20} MB; share a smaller part of it.")
        return bytes(data)
