"""Door: what Slack delivers over a socket or HTTP, kept by the gate before it is acknowledged.

Bolt checks signatures and workspaces; here everything that is for us becomes an Inbound. Knows nothing
of answers.
"""

import json
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from bot.events import Inbound
from bot.gate import said_again
from bot.render.slack import WINDOW, edit_modal, escape, quiet, settings_modal
from bot.surfaces.shown import Shown
from bot.surfaces.slack.api import Apis, Undeliverable
from bot.surfaces.slack.inbound import PLATFORM, of_action, of_command, of_event, of_form, to_say_again
from bot.surfaces.typed import as_verb
from memory import Kept, LedgerError, Room, Scope, Show

log = logging.getLogger(__name__)

EARLY, EARLY_FOR = 256, 120.0
"""Words of a thread that overtook the mention which began it: how many are remembered, and for how many seconds."""

TOO_LONG = (
    "This page has {:,} characters, and a window holds {:,}: mention me with `/edit` and all of the page as it should be "
    "(that changes the last page here), or with `/again shorter`."
)

_GONE = frozenset({"tokens_revoked", "app_uninstalled"})


class Gate(Protocol):
    async def receive(self, inbound: Inbound, *, ours: bool = False) -> bool: ...


class Inbox(Protocol):
    async def engaged(self, scope: Scope) -> bool: ...

    async def together(self, scope: Scope, message: str) -> tuple[Kept, ...]: ...


class Shows(Protocol):
    async def all(self, tenant: str) -> tuple[Show, ...]: ...

    async def get(self, tenant: str, show: str) -> Show | None: ...

    async def room(self, scope: Scope) -> Room: ...


class PageOf(Protocol):
    async def __call__(self, scope: Scope, turn: str = "", message: str = "") -> Shown | None: ...


@dataclass(frozen=True, slots=True)
class House:
    """What the door needs to know of the ledger, and the formats there are."""

    inbox: Inbox
    shows: Shows
    formats: Sequence[str]
    page: PageOf
    prompts: Callable[[Show | None], Sequence[tuple[str, str]]]


class Door:
    def __init__(self, gate: Gate, house: House, apis: Apis, early_for: float = EARLY_FOR) -> None:
        self._gate = gate
        self._house = house
        self._apis = apis
        self._early_for = early_for
        self._early: OrderedDict[tuple[Scope, str], tuple[float, Inbound]] = OrderedDict()
        self._stops: deque[tuple[Scope, str]] = deque(maxlen=EARLY)
        self.heard = time.monotonic()

    def open(self, app: AsyncApp) -> None:
        """Everything that passes Bolt's checks comes here first, and what is ours goes no further."""
        app.use(self.keep)

    async def keep(
        self,
        req: AsyncBoltRequest,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt calls it so
    ) -> BoltResponse | None:
        """Kept, then acknowledged. What could not be kept is not acknowledged: Slack sends it again."""
        self.heard = time.monotonic()
        body = req.body
        event = body.get("event", {}).get("type")
        if event in _GONE:
            return await next()
        try:
            await self._take(body, req.context.bot_user_id or "")
        except LedgerError as error:
            log.error("Not kept, so not acknowledged: %s", error)
            return BoltResponse(status=503, body="")
        return BoltResponse(status=200, body="")

    async def _take(self, body: Mapping[str, Any], bot: str) -> None:
        if "event" in body:
            await self._event(body, bot)
        elif "command" in body:
            await self._command(body)
        elif body.get("type") == "block_actions":
            await self._action(body)
        elif body.get("type") == "view_submission" and (form := of_form(body)):
            await self._gate.receive(form)

    # -- events --

    async def _event(self, body: Mapping[str, Any], bot: str) -> None:
        event = body["event"]
        if event["type"] == "app_home_opened" and event.get("tab") == "messages":
            return await self._greet(body)
        heard = of_event(body, bot)
        if heard is None:
            return None
        inbound = heard.inbound
        ours = heard.addressed or await self._house.inbox.engaged(inbound.scope)
        if inbound.kind in ("edit", "delete"):
            await self._gate.receive(inbound, ours=ours)
            return None
        if not ours:
            return self._remember(inbound)
        if inbound.kind == "command" and inbound.name == "settings":
            inbound = replace(inbound, text="")
        if inbound.kind == "stop" and inbound.message:
            if (inbound.scope, inbound.message) in self._stops:  # a mention comes as two events
                return None
            self._stops.append((inbound.scope, inbound.message))
        await self._gate.receive(inbound)
        for early in self._recall(inbound) if heard.addressed else ():
            await self._gate.receive(early)
        return None

    def _remember(self, inbound: Inbound) -> None:
        """Events may come out of order: the mention that makes this ours may still be on its way."""
        self._early[inbound.scope, inbound.event_id] = time.monotonic(), inbound
        self._let_go()

    def _recall(self, mention: Inbound) -> list[Inbound]:
        """What was said after ``mention`` and came before it. What was said before it was said to others."""
        self._let_go()
        keys = [key for key, (_, early) in self._early.items() if _follows(early, mention)]
        return [self._early.pop(key)[1] for key in keys]

    def _let_go(self) -> None:
        now = time.monotonic()
        while self._early and (len(self._early) > EARLY or now - next(iter(self._early.values()))[0] > self._early_for):
            self._early.popitem(last=False)

    async def _greet(self, body: Mapping[str, Any]) -> None:
        """Prompts that fit the show, in the app's own messages."""
        event = body["event"]
        scope = Scope(PLATFORM, body["team_id"], event["channel"])
        room = await self._house.shows.room(scope)
        show = await self._house.shows.get(scope.tenant, room.show) if room.show else None
        prompts = [{"title": title, "message": said} for title, said in self._house.prompts(show)][:4]
        api = await self._apis.of(scope.tenant)
        try:
            await api.client.assistant_threads_setSuggestedPrompts(channel_id=scope.room, prompts=prompts)
        except SlackApiError as error:
            log.info("Slack shows no prompts here: %s", error.response["error"])

    # -- what is typed and pressed --

    async def _command(self, body: Mapping[str, Any]) -> None:
        inbound = of_command(body)
        if inbound is None:
            return await self._write(body)
        if inbound.name == "settings":
            return await self._ask(inbound.scope, body["trigger_id"])
        await self._gate.receive(inbound)
        return None

    async def _write(self, body: Mapping[str, Any]) -> None:
        """Something to write, said with the slash command: it begins a thread that all can see."""
        api = await self._apis.of(body["team_id"])
        text, user = body["text"].strip(), str(body["user_id"])
        try:
            shown = await api.named(text)
            said = f"*{escape(await api.name(user))}:* {escape(shown)}"
            thread = await api.post(body["channel_id"], "", quiet(shown[:150]), [_section(said)])
        except Undeliverable:
            await self._gate.receive(
                Inbound(
                    "command",
                    f"cmd:{body['trigger_id']}",
                    Scope(PLATFORM, body["team_id"], body["channel_id"]),
                    user,
                    "",
                    "help",
                    who=user,
                )
            )
            return
        scope = Scope(PLATFORM, body["team_id"], body["channel_id"], thread)
        await self._gate.receive(
            as_verb(Inbound("message", f"cmd:{body['trigger_id']}", scope, user, text, who=user, message=thread))
        )

    async def _action(self, body: Mapping[str, Any]) -> None:
        for inbound in of_action(body):
            if inbound.name == "settings":
                await self._ask(inbound.scope, body["trigger_id"])
            elif inbound.name == "edit" and await self._ask_edit(inbound, body):
                pass
            elif inbound.name == "stop":
                await self._gate.receive(replace(inbound, kind="stop"))
            else:
                await self._gate.receive(inbound)
                await self._say_again(inbound, to_say_again(body))

    async def _say_again(self, pressed: Inbound, message: str) -> None:
        """What was said before the room had a show, and is too long for a button, is said again."""
        text = said_again(await self._house.inbox.together(pressed.scope, message)) if message else ""
        if text:
            event, who = f"{pressed.event_id}:ask", pressed.who
            await self._gate.receive(as_verb(Inbound("message", event, pressed.scope, who, text, who=who)))

    async def _ask(self, scope: Scope, trigger: str) -> None:
        """The form of a room's settings; Slack gives three seconds to open it."""
        house = self._house
        room = await house.shows.room(scope)
        shows = await house.shows.all(scope.tenant)
        now = next((show.name for show in shows if show.id == room.show), "")
        private = json.dumps({"channel": scope.room, "thread": scope.thread, "key": trigger})
        view = settings_modal(
            [show.name for show in shows],
            house.formats,
            {"show": now, "format": room.format, "note": room.note},
            room.deciders,
            private,
        )
        await self._show(scope, trigger, view)

    async def _ask_edit(self, inbound: Inbound, body: Mapping[str, Any]) -> bool:
        """Whether there is a page: it opens in a window, or the person hears why it does not."""
        scope, trigger = inbound.scope, body["trigger_id"]
        page = await self._house.page(scope, inbound.target, (body.get("container") or {}).get("message_ts") or "")
        if page is None:
            return False
        if len(page.text) > WINDOW:
            api = await self._apis.of(scope.tenant)
            say = TOO_LONG.format(len(page.text), WINDOW)
            await api.whisper(scope.room, scope.thread, inbound.who, say)
            return True
        where = {"channel": scope.room, "thread": scope.thread, "turn": page.turn, "over": " ".join(page.messages)}
        await self._show(scope, trigger, edit_modal(page.text, json.dumps({**where, "key": trigger})))
        return True

    async def _show(self, scope: Scope, trigger: str, view: Mapping[str, Any]) -> None:
        api = await self._apis.of(scope.tenant)
        try:
            await api.client.views_open(trigger_id=trigger, view=dict(view))
        except SlackApiError as error:
            log.warning("A form could not be shown: %s", error.response["error"])


def _follows(early: Inbound, mention: Inbound) -> bool:
    if early.scope != mention.scope or early.sent is None or mention.sent is None:
        return False
    return early.sent > mention.sent


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:2900], "verbatim": True}}
