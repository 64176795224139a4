"""Notices: what says to a person that their message waits, for as long as it does.

A notice that a program left behind when it died is taken away by the next. Knows nothing of answers.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord

from bot.events import Inbound
from bot.render.discord import small
from bot.surfaces.discord.busy import FAILED, tried
from bot.surfaces.discord.places import Places

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Notice:
    inbound: Inbound
    task: "asyncio.Task[None]"
    message: discord.Message | None = None


class Notices:
    """``file`` keeps which notices stand in which channels; ``removing`` is told of each that we take away."""

    def __init__(self, file: Path, places: Places, removing: Callable[[int], None]) -> None:
        self._file = file
        self._places = places
        self._removing = removing
        self._shown: dict[str, _Notice] = {}
        self._standing = _read(file)

    async def clear(self) -> None:
        """Takes away what an earlier program left."""
        left, self._standing = self._standing, {}
        for message, channel in left.items():
            self._removing(int(message))
            with suppress(*FAILED):
                place = self._places.client.get_partial_messageable(channel)
                await place.get_partial_message(int(message)).delete()
        self._write()

    def show(self, inbound: Inbound, say: str) -> None:
        async def tell() -> None:
            place = await self._places.of(inbound)
            reference = place.reference
            if reference is None and inbound.message and inbound.message != inbound.scope.thread:
                reference = replace(place, reply=int(inbound.message)).reference
            given: dict[str, Any] = {"reference": reference} if reference else {}
            notice.message = await place.channel.send(small(f"Noted: {say}."), **given)
            self._standing[str(notice.message.id)] = place.number
            self._write()

        notice = _Notice(inbound, asyncio.create_task(tried(tell())))
        self._shown[inbound.event_id] = notice

    async def over(self, inbound: Inbound) -> None:
        """This person waits no longer. The notice is taken away: the answer comes below all that was said
        meanwhile."""
        for event, notice in list(self._shown.items()):
            if notice.inbound.scope != inbound.scope or notice.inbound.who != inbound.who:
                continue
            del self._shown[event]
            await asyncio.wait([notice.task])  # one that is on its way cannot be called back
            if notice.message is not None:
                self._removing(notice.message.id)
                await tried(notice.message.delete())
                self._standing.pop(str(notice.message.id), None)
                self._write()

    async def close(self) -> None:
        tasks = [notice.task for notice in self._shown.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _write(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._standing), "utf-8")
        fresh.replace(self._file)


def _read(file: Path) -> dict[str, int]:
    try:
        kept = json.loads(file.read_text("utf-8"))
        return {str(int(message)): int(channel) for message, channel in kept.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        log.warning("%s cannot be read, so its notices stay: %s", file, error)
        return {}
