"""Surface: Slack as the gate needs it: stages to play on, and what must be fetched before a turn.

Knows nothing of how events arrive.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bot.events import File, Inbound
from bot.gate import Slip
from bot.surfaces.slack.api import Api, Apis
from bot.surfaces.slack.files import Incoming, Unfetched
from bot.surfaces.slack.outlet import ROLL_AFTER
from bot.surfaces.slack.stage import SlackStage
from memory import Kept, Scope


class Inbox(Protocol):
    async def together(self, scope: Scope, message: str) -> tuple[Kept, ...]: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """``burst``: seconds to wait for a person's next message. ``roll_after``: seconds after which a
    stream goes on in a new message. ``hosts``: where links may lead."""

    burst: float = 0.7
    roll_after: float = ROLL_AFTER
    hosts: tuple[str, ...] = ()


class SlackSurface:
    def __init__(self, apis: Apis, inbox: Inbox, incoming: Incoming, manners: Manners | None = None) -> None:
        self._apis = apis
        self._inbox = inbox
        self._incoming = incoming
        self._manners = manners or Manners()

    @property
    def burst(self) -> float:
        return self._manners.burst

    def stage(self, inbound: Inbound, slip: Slip) -> SlackStage:
        async def done() -> None:
            await self._ended(inbound)

        return SlackStage(self._api(inbound.scope), inbound, slip, done, self._manners.roll_after, self._manners.hosts)

    async def prepare(self, inbound: Inbound) -> Inbound:
        """Shows that we are at work, says who speaks by name, and fetches the files that are to be learned."""
        api = await self._apis.of(inbound.scope.tenant)
        if inbound.scope.thread and inbound.kind not in ("edit", "delete"):
            await api.status(inbound.scope.room, inbound.scope.thread, busy=True)
        ours = inbound.kind == "action" or "over" in inbound.values  # in buttons and forms nothing is marked up
        text = inbound.text if ours else await api.named(inbound.text)
        inbound = replace(inbound, author=await api.name(inbound.who), text=text)
        if inbound.name == "learn":
            inbound = await self._with_files(api, inbound)
        return inbound

    async def _with_files(self, api: Api, inbound: Inbound) -> Inbound:
        """What cannot be fetched is named as a file that is not there, with the reason."""
        files = inbound.files
        if about := inbound.values.get("files_of"):
            kept = await self._inbox.together(inbound.scope, about)
            shared = [one for letters in kept for one in letters.letter.files]
            files = tuple(File(name, url=url, media=media) for name, url, media in shared)
        shelf = self._incoming.shelf(inbound.scope, inbound.event_id)
        await shelf.open()
        fetched, problems = [], []
        for file in files:
            try:
                fetched.append(await self._incoming.fetch(shelf, file, str(api.client.token)))
            except Unfetched as error:
                problems.append(str(error))
        return replace(inbound, files=tuple(fetched), text="", values={"problem": " ".join(problems)})

    def _api(self, scope: Scope) -> Callable[[], Awaitable[Api]]:
        async def api() -> Api:
            return await self._apis.of(scope.tenant)

        return api

    async def _ended(self, inbound: Inbound) -> None:
        api = await self._apis.of(inbound.scope.tenant)
        if inbound.scope.thread and inbound.kind not in ("edit", "delete"):
            await api.status(inbound.scope.room, inbound.scope.thread, busy=False)
