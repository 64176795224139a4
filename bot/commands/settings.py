"""Command about a room's settings: its show, its format, its note, and who may change canon.

Knows nothing of platforms; a surface that can shows a form, and its values come back here.
"""

from collections.abc import Mapping
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.events import Reply
from bot.rooms import Rooms
from chains import Format
from memory import Room, Scope, Show


class Shows(Protocol):
    async def room(self, scope: Scope) -> Room: ...

    async def deciders(self, tenant: str, show: str) -> frozenset[str]: ...

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
        return await call.say(await self._told(call))

    async def form(self, call: Call) -> Reply:
        """What a form brought; a missing value leaves its setting as it is. All of it holds, or nothing."""
        values = call.inbound.values
        form = values.get("format")
        if form is not None and form not in self._formats:
            raise Mistaken(f"There is no format “{form}”; there are {', '.join(self._formats)}.")
        show, who = await self._show(call), values.get("deciders")
        deciders = None if who is None else tuple(who.split())
        await self._rooms.check(call.inbound, show, deciders)
        if show:
            await self._rooms.settle(call.inbound, show)
        await self._shows.set_room(call.scope, form, values.get("note"), deciders)
        return await call.say(await self._told(call))

    async def _show(self, call: Call) -> str:
        """The name of the show that was chosen by its id, or as it was typed."""
        values = call.inbound.values
        if typed := " ".join(values.get("show", "").split()):
            return typed
        if not values.get("show_id"):
            return ""
        show = await self._shows.get(call.scope.tenant, values["show_id"])
        if show is None:
            raise Mistaken("That show is not here any more; `/shows` lists those that are.")
        return show.name

    async def _told(self, call: Call) -> str:
        room = await self._shows.room(call.scope)
        show = await self._shows.get(call.scope.tenant, room.show) if room.show else None
        elsewhere = await self._shows.deciders(show.tenant, show.id) if show else ()
        deciders = list(dict.fromkeys([*room.deciders, *sorted(elsewhere)]))
        everyone = "those whom my keepers named" if call.inbound.values.get("decides") == "no" else "everyone"
        rows = [
            f"- **Show:** {show.name if show else 'none yet'}",
            f"- **Format of new threads:** {room.format}",
            f"- **Note:** {room.note or 'none'}",
            f"- **Canon is changed by:** {', '.join(deciders) or everyone}",
        ]
        return "\n".join(["This room:", "", *rows])
