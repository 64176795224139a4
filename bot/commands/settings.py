"""Command about a room's settings: its show, its format, its note, and who may change canon.

Knows nothing of platforms; a surface that can shows a form, and its values come back here.
"""

from collections.abc import Mapping
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.events import Reply
from bot.rooms import Rooms, decides
from chains import Format
from memory import Room, Scope, Show


class Shows(Protocol):
    async def room(self, scope: Scope) -> Room: ...

    async def get(self, tenant: str, show: str) -> Show | None: ...

    async def set_room(
        self,
        scope: Scope,
        format: str | None = None,  # noqa: A002
        note: str | None = None,
        deciders: tuple[str, ...] | None = None,
    ) -> Room: ...


class RoomSettings:
    def __init__(self, rooms: Rooms, shows: Shows, formats: Mapping[str, Format]) -> None:
        self._rooms = rooms
        self._shows = shows
        self._formats = formats

    def handlers(self) -> Mapping[str, Handler]:
        return {"settings": self.settings, "form": self.form}

    async def settings(self, call: Call) -> Reply:
        return await call.say(await self._told(call.scope))

    async def form(self, call: Call) -> Reply:
        """What a form brought; a missing value leaves its setting as it is."""
        values = call.inbound.values
        form = values.get("format")
        if form is not None and form not in self._formats:
            raise Mistaken(f"There is no format “{form}”; there are {', '.join(self._formats)}.")
        if values.get("show", "").strip():
            await self._rooms.settle(call.scope, " ".join(values["show"].split())[:120])
        who = values.get("deciders")
        deciders = None if who is None else tuple(who.split())
        room = await self._shows.room(call.scope)
        if deciders is not None and set(deciders) != set(room.deciders) and not decides(call.inbound, room):
            raise Mistaken("Who decides here is changed by those who decide; `/settings` says who.")
        await self._shows.set_room(call.scope, form, values.get("note"), deciders)
        return await call.say(await self._told(call.scope))

    async def _told(self, scope: Scope) -> str:
        room = await self._shows.room(scope)
        show = await self._shows.get(scope.tenant, room.show) if room.show else None
        rows = [
            f"- **Show:** {show.name if show else 'none yet'}",
            f"- **Format of new threads:** {room.format}",
            f"- **Note:** {room.note or 'none'}",
            f"- **Canon is changed by:** {', '.join(room.deciders) if room.deciders else 'everyone'}",
        ]
        return "\n".join(["This room:", "", *rows])
