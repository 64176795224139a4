"""Play: a page as it comes: shown at once, and saved about once a second. Knows nothing of what writes it."""

import time
from collections.abc import Awaitable, Callable

from bot.events import Stage, Text

DRAFT_EVERY = 1.0
"""Seconds between two savings of what has been shown of an answer so far."""


class Play:
    """Passes text on to the stage as it comes, and saves what was shown about once a second. ``ended``
    is set when the take is saved as it ended."""

    def __init__(self, stage: Stage, save: Callable[[str], Awaitable[None]]) -> None:
        self._stage = stage
        self._save = save
        self._shown: list[str] = []
        self._saved = time.monotonic()
        self.ended = False

    @property
    def shown(self) -> str:
        return "".join(self._shown)

    async def text(self, delta: str) -> None:
        await self._stage.show(Text(delta))
        self._shown.append(delta)
        if time.monotonic() - self._saved >= DRAFT_EVERY:
            await self._save(self.shown)
            self._saved = time.monotonic()
