"""A Slack on 127.0.0.1 that speaks the real Web API, Events API and Socket Mode to the real SDKs.

Start it, point ``base_url`` at ``api_url``, and be a person: ``say``, ``mention``, ``press``,
``command``, ``edit``, ``delete``. ``Faults`` says what goes wrong on the way.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import random
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

from tests.loopback.slack.methods import METHODS, Limits, Refused
from tests.loopback.slack.workspace import Message, Workspace, new_ts

SECRET = "loopback-signing-secret"
APP_TOKEN = "xapp-loopback-0000000000"
CLIENT_ID, CLIENT_SECRET = "111.222", "loopback-client-secret"


@dataclass
class Faults:
    """What goes wrong. ``limited`` maps a method to how many of its calls are answered with 429,
    ``dropped`` to how many are cut off, ``broken`` to its next errors; ``repeat`` is the share of events that are delivered twice, ``late`` the
    most seconds one is held back. ``retries`` are the waits before an unacknowledged event comes again."""

    limited: dict[str, int] = field(default_factory=dict)
    retry_after: int = 1
    dropped: dict[str, int] = field(default_factory=dict)
    broken: dict[str, list[str]] = field(default_factory=dict)
    repeat: float = 0.0
    late: float = 0.0
    ack_within: float = 3.0
    retries: tuple[float, ...] = (0.0, 1.0, 5.0)
    chance: random.Random = field(default_factory=lambda: random.Random(1))


@dataclass
class Delivery:
    """One event or interaction on its way. ``acked`` is how many seconds the ack took from when it was ``sent``
    over a line that stood, ``answer`` what came with it."""

    id: str
    kind: str
    attempts: int = 0
    sent: float = 0.0
    acked: float | None = None
    answer: Any = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class LoopbackSlack:
    """``http`` is the bot's Request URL where it listens itself; without it events go out by socket."""

    def __init__(self, http: str | None = None) -> None:
        self.http = http
        self.limits = Limits()
        self.faults = Faults()
        self.teams: dict[str, Workspace] = {}
        self.calls: list[tuple[str, dict[str, Any], float]] = []
        self.deliveries: list[Delivery] = []
        self.responses: list[dict[str, Any]] = []
        self.connections = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._codes: dict[str, tuple[str, str]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.connected = asyncio.Event()

    async def __aenter__(self) -> "LoopbackSlack":
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{team}/{file}", self._upload)
        app.router.add_get("/files/{team}/{file}", self._download)
        app.router.add_post("/respond/{number}", self._respond)
        app.router.add_get("/link", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/api/"
        self._session = ClientSession(timeout=ClientTimeout(total=60))
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in self._sockets:
            await socket.close()
        await self._session.close()
        await self._runner.cleanup()

    def add_team(self, team: str = "T1", **people: str) -> Workspace:
        """A workspace that has installed the app; ``people`` are names by id."""
        self.teams[team] = Workspace(team, "UBOT", f"xoxb-{team}-loopback-token", dict(people))
        return self.teams[team]

    # -- being a person --

    def say(self, team: Workspace, channel: str, user: str, text: str, thread: str | None = None, **more: Any) -> str:
        """A person writes. The event goes out; gives the message's ts."""
        where = team.channels[channel]
        message = Message(channel, new_ts(), user, text, thread)
        message.files = more.pop("files", [])
        where.messages[message.ts] = message
        event = {**message.public(), "channel": channel, "channel_type": where.kind, "event_ts": message.ts} | more
        if message.files:
            event["subtype"] = "file_share"
        if team.bot in where.members:
            self.send_event(team, event)
        if f"<@{team.bot}>" in text and where.kind != "im":
            mention = {name: value for name, value in event.items() if name not in ("channel_type", "subtype")}
            self.send_event(team, {**mention, "type": "app_mention"})
        return message.ts

    def mention(self, team: Workspace, channel: str, user: str, text: str, thread: str | None = None, **m: Any) -> str:
        return self.say(team, channel, user, f"<@{team.bot}> {text}", thread, **m)

    def edit(self, team: Workspace, channel: str, ts: str, text: str, *, unfurl: bool = False) -> None:
        """A person changes their message; ``unfurl``: Slack adds a link's preview, the words stay."""
        message = team.channels[channel].messages[ts]
        before = message.public()
        message.text = text
        now = message.public() | ({} if unfurl else {"edited": {"user": message.user, "ts": new_ts()}})
        self.send_event(team, self._changed(team, channel, "message_changed", message=now, previous_message=before))

    def delete(self, team: Workspace, channel: str, ts: str) -> None:
        """Where there are replies, a tombstone stays in its place, and the event is an edit."""
        messages = team.channels[channel].messages
        before = messages[ts].public()
        if any(one.thread_ts == ts and one.ts != ts and not one.only_for for one in messages.values()):
            messages[ts] = Message(channel, ts, "USLACKBOT", "This message was deleted.", ts)
            stone = messages[ts].public() | {"subtype": "tombstone", "hidden": True}
            event = self._changed(team, channel, "message_changed", message=stone, previous_message=before)
        else:
            del messages[ts]
            event = self._changed(team, channel, "message_deleted", deleted_ts=ts, previous_message=before)
        self.send_event(team, event)

    def _changed(self, team: Workspace, channel: str, subtype: str, **more: Any) -> dict[str, Any]:
        base = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel, "ts": new_ts()}
        return {**base, "channel_type": team.channels[channel].kind, "event_ts": new_ts(), **more}

    def press(self, team: Workspace, message: Message, button: dict[str, Any], user: str) -> Delivery:
        """A person presses a button (or one of a feedback pair) of a message."""
        action = {"action_id": button["action_id"], "type": button["type"], "value": button.get("value", "")}
        where = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        return self._interact(
            team,
            user,
            {
                "type": "block_actions",
                "actions": [{**action, "block_id": "b", "action_ts": new_ts()}],
                "channel": {"id": message.channel, "name": "x"},
                "container": where | ({"thread_ts": message.thread_ts} if message.thread_ts else {}),
                "message": message.public(),
                "trigger_id": self._trigger(),
                "response_url": f"{self.url}/respond/{next(self._numbers)}",
            },
        )

    def submit(self, team: Workspace, view: dict[str, Any], values: dict[str, Any], user: str) -> Delivery:
        """A person sends a modal off."""
        state = {"values": values}
        return self._interact(team, user, {"type": "view_submission", "view": {"id": "V1", **view, "state": state}})

    def _interact(self, team: Workspace, user: str, payload: dict[str, Any]) -> Delivery:
        who = {"team": {"id": team.id, "domain": "x"}, "user": {"id": user, "team_id": team.id}, "api_app_id": "A1"}
        return self._send("interactive", {**payload, **who, "token": "old"}, f"I{next(self._numbers)}")

    def command(self, team: Workspace, channel: str, user: str, text: str) -> Delivery:
        """A person types the slash command."""
        body = {"command": "/dramaturg", "text": text, "team_id": team.id, "channel_id": channel, "user_id": user}
        more = {"trigger_id": self._trigger(), "response_url": f"{self.url}/respond/{next(self._numbers)}"}
        return self._send("slash_commands", {**body, **more, "api_app_id": "A1"}, f"S{next(self._numbers)}")

    def add_file(self, team: Workspace, name: str, data: bytes, media: str = "text/plain") -> dict[str, Any]:
        """A file somebody shares, for ``say(files=[...])``."""
        file = f"F{len(team.files) + 1}{team.id}"
        team.bytes[file] = data
        url = f"{self.url}/files/{team.id}/{file}"
        team.files[file] = {"id": file, "name": name, "mimetype": media, "size": len(data), "url_private": url}
        return team.files[file] | {"url_private_download": url}

    def _trigger(self) -> str:
        trigger = f"t{next(self._numbers)}"
        self.limits.triggers[trigger] = time.monotonic()
        return trigger

    # -- deliveries --

    def send_event(self, team: Workspace, event: dict[str, Any], event_id: str = "") -> Delivery:
        """One event on its way, with the faults that apply to it."""
        event_id = event_id or f"Ev{next(self._numbers)}"
        body = {"type": "event_callback", "team_id": team.id, "api_app_id": "A1", "event": event, "event_id": event_id}
        body["authorizations"] = [{"team_id": team.id, "user_id": team.bot, "is_bot": True}]
        body["event_time"] = int(time.time())
        chance = self.faults.chance
        if chance.random() < self.faults.repeat:
            self._send("events_api", body, event_id, chance.uniform(0, self.faults.late))
        return self._send("events_api", body, event_id, chance.uniform(0, self.faults.late))

    def _send(self, kind: str, body: dict[str, Any], name: str, late: float = 0.0) -> Delivery:
        delivery = Delivery(name, kind)
        self.deliveries.append(delivery)
        task = asyncio.get_running_loop().create_task(self._deliver(delivery, body, late))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def _deliver(self, delivery: Delivery, body: dict[str, Any], late: float) -> None:
        await asyncio.sleep(late)
        waits = self.faults.retries if delivery.kind == "events_api" else ()
        for retry, wait in enumerate([0.0, *waits]):
            await asyncio.sleep(wait)
            delivery.attempts += 1
            with contextlib.suppress(TimeoutError, ClientError, ConnectionError):
                async with asyncio.timeout(self.faults.ack_within):
                    delivery.answer = await (
                        self._post(delivery, body, retry) if self.http else self._push(delivery, body, retry)
                    )
                    delivery.acked = time.monotonic() - delivery.sent
                    break
        delivery.done.set()

    async def _push(self, delivery: Delivery, body: dict[str, Any], retry: int) -> Any:
        """To one of the open sockets, at random."""
        await self.connected.wait()
        envelope = f"env-{next(self._numbers)}"
        accepts = delivery.kind in ("slash_commands", "interactive")
        frame = {"type": delivery.kind, "envelope_id": envelope, "payload": body, "accepts_response_payload": accepts}
        if delivery.kind == "events_api":
            frame |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        self._waiting[envelope] = asyncio.get_running_loop().create_future()
        delivery.sent = time.monotonic()
        try:
            await self.faults.chance.choice(self._sockets).send_json(frame)
            return await self._waiting[envelope]
        finally:
            self._waiting.pop(envelope, None)

    async def _post(self, delivery: Delivery, body: dict[str, Any], retry: int) -> Any:
        if delivery.kind == "events_api":
            data, media = json.dumps(body), "application/json"
        else:
            form = body if delivery.kind == "slash_commands" else {"payload": json.dumps(body)}
            data, media = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        headers = {"Content-Type": media, **sign(data)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        delivery.sent = time.monotonic()
        async with self._session.post(self.http or "", data=data, headers=headers) as answer:
            if answer.status != 200:
                raise ConnectionError(f"the bot answered {answer.status}")
            return await answer.text()

    # -- the socket --

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        await socket.send_json({"type": "hello", "num_connections": len(self._sockets) + 1})
        self._sockets.append(socket)
        self.connected.set()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    ack = json.loads(message.data)
                    waiting = self._waiting.get(ack.get("envelope_id", ""))
                    if waiting and not waiting.done():
                        waiting.set_result(ack.get("payload"))
        finally:
            self._gone(socket)
        return socket

    def _gone(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self.connected.clear()

    async def ask_to_reconnect(self) -> None:
        """As Slack does every few hours."""
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    def cut(self) -> None:
        """The line breaks without a word."""
        for socket in list(self._sockets):
            self._gone(socket)
            transport = socket._req.transport if socket._req else None
            if transport:
                transport.abort()

    # -- the Web API --

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        args = await _arguments(request)
        self.calls.append((method, args, time.monotonic()))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token", "")
        if self.faults.limited.get(method, 0) > 0:
            self.faults.limited[method] -= 1
            headers = {"Retry-After": str(self.faults.retry_after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if self.faults.dropped.get(method, 0) > 0 and request.transport:
            self.faults.dropped[method] -= 1
            request.transport.abort()
        if broken := self.faults.broken.get(method):
            return web.json_response({"ok": False, "error": broken.pop(0)})
        if method == "oauth.v2.access":
            return web.json_response(self._granted(request, args))
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return web.json_response({"ok": False, "error": "invalid_auth"})
            return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/link"})
        team = next((team for team in self.teams.values() if team.token == token), None)
        if team is None:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        try:
            if method not in METHODS:
                raise Refused("unknown_method")
            answer = METHODS[method](team, args, self.limits)
        except Refused as error:
            return web.json_response({"ok": False, "error": str(error)})
        if "upload_url" in answer:
            answer["upload_url"] = f"{self.url}/{answer['upload_url']}"
        return web.json_response({"ok": True, **answer})

    def allow(self, team: Workspace, user: str) -> str:
        """A person lets the app into their workspace: the code Slack sends them back with. It works once."""
        code = f"code{next(self._numbers)}"
        self._codes[code] = team.id, user
        return code

    def _granted(self, request: web.Request, args: dict[str, Any]) -> dict[str, Any]:
        basic = request.headers.get("Authorization", "").removeprefix("Basic ")
        given = base64.b64decode(basic).decode() if basic else f"{args.get('client_id')}:{args.get('client_secret')}"
        if given != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return {"ok": False, "error": "invalid_client_id"}
        team, user = self._codes.pop(args.get("code", ""), ("", ""))
        if not team:
            return {"ok": False, "error": "invalid_code"}
        token = {"access_token": self.teams[team].token, "token_type": "bot", "scope": "chat:write"}
        who = {"bot_user_id": self.teams[team].bot, "authed_user": {"id": user}, "app_id": "A1"}
        where = {"team": {"id": team, "name": team}, "enterprise": None, "is_enterprise_install": False}
        return {"ok": True, **token, **who, **where}

    async def _upload(self, request: web.Request) -> web.Response:
        self.teams[request.match_info["team"]].bytes[request.match_info["file"]] = await request.read()
        return web.Response(text="OK")

    async def _download(self, request: web.Request) -> web.Response:
        """Without the right token a login page comes, with status 200, as from the real one."""
        team = self.teams[request.match_info["team"]]
        if request.headers.get("Authorization") != f"Bearer {team.token}":
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        file = team.files[request.match_info["file"]]
        return web.Response(body=team.bytes[file["id"]], content_type=file["mimetype"])

    async def _respond(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        return web.Response(text="ok")


def sign(body: str, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """The two headers by which a bot knows that Slack sent this."""
    stamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    return {**request.query, **dict(await request.post())}
