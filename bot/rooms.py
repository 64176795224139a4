"""Rooms: which show a room works on, who decides about its canon, and the thread a person is in.

Knows nothing of writing, search or platforms.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Protocol
from uuid import uuid4

from bot.events import Inbound
from memory import Conversation, NotFound, Preference, Room, Scope, Show, Thread, Turn


class Unbound(Exception):
    """The room has no show yet."""


class NotTheirs(Exception):
    """What others decide; the message says how to learn who."""


LONGEST = 120
"""Letters of a new show's name."""


class Shows(Protocol):
    async def ensure(self, tenant: str, name: str) -> Show: ...

    async def get(self, tenant: str, show: str) -> Show | None: ...

    async def find(self, tenant: str, name: str) -> Show | None: ...

    async def all(self, tenant: str) -> tuple[Show, ...]: ...

    async def deciders(self, tenant: str, show: str) -> frozenset[str]: ...

    async def room(self, scope: Scope) -> Room: ...

    async def bind(self, scope: Scope, show: str) -> Room: ...


class Threads(Protocol):
    async def open(self, scope: Scope, show: str) -> Thread: ...

    async def latest(self, scope: Scope, show: str | None = None) -> Thread | None: ...

    async def conversation(self, scope: Scope, window: int) -> Conversation: ...

    async def on_path(self, scope: Scope, turn: str) -> Turn | None: ...

    async def every_turn(self, scope: Scope) -> tuple[Turn, ...]: ...


class Profile(Protocol):
    async def held(self, scope: Scope, person: str) -> tuple[Preference, ...]: ...


class Rooms:
    def __init__(self, shows: Shows, threads: Threads, profile: Profile, window: int) -> None:
        self._shows = shows
        self._threads = threads
        self._profile = profile
        self._window = window

    async def writing(self, scope: Scope, person: str, spare: int = 0) -> Conversation:
        """As `enter`, with what a page for ``person`` has to heed."""
        talk, held = await asyncio.gather(self.enter(scope, spare), self._profile.held(scope, person))
        return replace(talk, profile=held)

    async def enter(self, scope: Scope, spare: int = 0) -> Conversation:
        """The thread of ``scope`` as it stands, begun with the room's show if it is new; ``spare`` asks
        for so many turns more than the window. Raises Unbound."""
        try:
            return await self._threads.conversation(scope, self._window + spare)
        except NotFound:
            show, _ = await self._bound(scope)
            await self._threads.open(scope, show.id)
            return await self._threads.conversation(scope, self._window + spare)

    async def whole(self, scope: Scope) -> Conversation:
        """As `enter`, with all turns for a window, and without receipts."""
        talk = await self.enter(scope)
        return replace(talk, window=await self._threads.every_turn(scope))

    async def turn(self, talk: Conversation, turn: str) -> Turn | None:
        """That turn of a conversation, however long ago it was; None where it was taken back."""
        here = next((one for one in talk.window if one.id == turn), None)
        return here or await self._threads.on_path(talk.thread.scope, turn)

    async def look(self, scope: Scope) -> Conversation:
        """As `enter`, but a thread that nobody has spoken in stays unmade."""
        try:
            return await self._threads.conversation(scope, self._window)
        except NotFound:
            show, room = await self._bound(scope)
            return Conversation(show, room, Thread("", scope, show.id, format=room.format))

    async def _bound(self, scope: Scope) -> tuple[Show, Room]:
        room = await self._shows.room(scope)
        show = await self._shows.get(scope.tenant, room.show) if room.show else None
        if show is None:
            raise Unbound("This room has no show yet: `/show NAME` starts one or joins one.")
        return show, room

    async def begin(self, scope: Scope, show: str) -> Thread:
        """The thread of ``scope``, begun with this show if it is new."""
        return await self._threads.open(scope, show)

    async def settle(self, inbound: Inbound, name: str) -> Show:
        """Bind the room to the show of that name, new if need be. Threads that were begun keep theirs. Raises
        NotTheirs."""
        await self.check(inbound, name)
        show = await self._ensured(inbound.scope.tenant, name)
        await self._shows.bind(inbound.scope, show.id)
        return show

    async def decides(self, inbound: Inbound, show: Show) -> bool:
        """Whether this person may change the show's canon, wherever they ask: a room that works on it names
        them or a role of theirs; or none names anybody, and their platform's settings do not say otherwise."""
        return _among(inbound, await self._shows.deciders(show.tenant, show.id))

    async def must_decide(self, inbound: Inbound, show: Show) -> None:
        """Raises NotTheirs."""
        if not await self.decides(inbound, show):
            raise NotTheirs("Others decide what becomes canon of this show; `/settings` says who.")

    async def check(self, inbound: Inbound, name: str = "", deciders: Collection[str] | None = None) -> None:
        """Whether this person may have the room work on the show of that name, and name these deciders. Whom a
        room names decides for all of its show: that is changed by those who decide, here and there. Raises NotTheirs."""
        tenant, room = inbound.scope.tenant, await self._shows.room(inbound.scope)
        show = await self._known(tenant, name) if name else None
        moves = bool(name) and (show is None or show.id != room.show)
        if (deciders is None or set(deciders) == set(room.deciders)) and not (moves and room.deciders):
            return
        named = [await self._shows.deciders(tenant, room.show) if room.show else room.deciders]
        named += [await self._shows.deciders(tenant, show.id)] if show and moves else []
        if not all(_among(inbound, one) for one in named):
            raise NotTheirs(
                "Who decides about canon is changed only by those who decide, here and for that show; `/settings` says who."
            )

    async def _known(self, tenant: str, name: str) -> Show | None:
        return await self._shows.find(tenant, name) or await self._shows.find(tenant, name[:LONGEST])

    async def _ensured(self, tenant: str, name: str) -> Show:
        return await self._known(tenant, name) or await self._shows.ensure(tenant, name[:LONGEST])

    async def all(self, tenant: str) -> tuple[Show, ...]:
        """The tenant's shows, by name."""
        return await self._shows.all(tenant)

    async def switch(self, scope: Scope, name: str) -> tuple[Show, Thread]:
        """Bind the room to the show of that name, new if need be, and go to the show's latest thread in
        this room, or to a new one."""
        show = await self._ensured(scope.tenant, name)
        await self._shows.bind(scope, show.id)
        place = Scope(scope.platform, scope.tenant, scope.room)
        thread = await self._threads.latest(place, show.id)
        return show, thread or await self._threads.open(fresh(scope), show.id)


def _among(inbound: Inbound, deciders: Collection[str]) -> bool:
    """Whether this person is one of them, or nobody is named. At the terminal sits whose ledger it is."""
    if not inbound.who:
        return True
    if not deciders:
        return inbound.values.get("decides") != "no"
    return not {inbound.who, *inbound.values.get("roles", "").split()}.isdisjoint(deciders)


def fresh(scope: Scope) -> Scope:
    """A new thread's scope in the same room, for surfaces that have no threads of their own."""
    return Scope(scope.platform, scope.tenant, scope.room, uuid4().hex[:12])
