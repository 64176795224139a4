"""A Discord on 127.0.0.1 that speaks the real REST API and gateway, version 10, to the real SDK.

Start it, point the SDK's API base at ``rest_url`` and its gateway at ``gateway_url``, and be people:
``say``, ``mention``, ``press``, ``slash``, ``edit``, ``delete``. ``limits`` can be tightened,
``faults`` says what goes wrong on the way, ``gateway`` can cut, close, forget and talk nonsense.
"""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from tests.loopback.discord import answers, guilds, messages, threads
from tests.loopback.discord.call import Call
from tests.loopback.discord.faults import Bucket, Faults, Limits
from tests.loopback.discord.gateway import Gateway
from tests.loopback.discord.news import News
from tests.loopback.discord.people import People
from tests.loopback.discord.rules import Refused
from tests.loopback.discord.wire import Sight
from tests.loopback.discord.world import Attachment, Channel, World, new_id

TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAw.Loop01.abcdefghijklmnopqrstuvwxyz0123456789ab"
API = "/api/v10"
SECRET = b"loopback"
OPEN = ("/interactions/", "/webhooks/")
CALLS = {**guilds.CALLS, **messages.CALLS, **threads.CALLS, **answers.CALLS}


@dataclass(frozen=True)
class Asked:
    """One call of the bot, as it came in, and the status it got (0: the line broke)."""

    route: str
    ids: dict[str, str]
    body: Any
    at: float
    status: int


class LoopbackDiscord(People):
    """Use with ``async with``. ``shards`` is how many Discord asks the bot to run."""

    def __init__(self, shards: int = 1, limits: Limits | None = None, faults: Faults | None = None) -> None:
        self.shards = shards
        self.limits = limits or Limits()
        self.faults = faults or Faults()
        self.world = World()
        self.world.users[self.world.me.id] = self.world.me
        self.token = TOKEN
        self.gateway = Gateway(self.world, self.token, self.limits, self.faults)
        self.sight = Sight(self.world.me, self._signed)
        self.news = News(self.gateway, self.sight)
        self.calls: list[Asked] = []
        self.port = 0
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        return f"{self.url}{API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    def called(self, route: str) -> list[Asked]:
        return [one for one in self.calls if one.route == route]

    @property
    def refused(self) -> list[Asked]:
        """Calls that count towards the ten thousand after which Discord bans an address."""
        return [one for one in self.calls if one.status in (401, 403, 429)]

    async def __aenter__(self) -> "LoopbackDiscord":
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.socket)
        app.router.add_get("/gateway/", self.gateway.socket)
        app.router.add_get("/attachments/{channel}/{file}/{name}", self._download)
        app.router.add_get(f"{API}/gateway", self._where)
        app.router.add_get(f"{API}/gateway/bot", self._where)
        for name, work in CALLS.items():
            method, path = name.split(" ")
            app.router.add_route(method, API + path, self._handler(name, work))
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        # What is still open when a test is over is not waited for.
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.stop()
        self.gateway.cut()
        assert self._runner
        await self._runner.cleanup()

    # -- files --

    def _signed(self, channel: Channel, file: Attachment) -> str:
        """An address that is good for a while."""
        until = f"{int((time.time() + self.limits.attachment_life) * 1000):x}"
        return f"{self.url}/attachments/{channel.id}/{file.id}/{file.name}?ex={until}&hm={_sign(file.id, until)}"

    async def _download(self, request: web.Request) -> web.Response:
        file = self.world.attachments.get(int(request.match_info["file"]))
        until = request.query.get("ex", "0")
        good = file and hmac.compare_digest(request.query.get("hm", ""), _sign(file.id, until))
        if not file or not good or int(until, 16) / 1000 < time.time():
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, headers={"Content-Type": file.media})

    # -- the REST API --

    async def _where(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        left = max(self.limits.starts, 0)
        starts = {"total": 1000, "remaining": left, "reset_after": 14_400_000, "max_concurrency": 1}
        self._note(f"GET {request.path.removeprefix(API)}", request, None, 200)
        return _json({"url": self.gateway_url, "shards": self.shards, "session_start_limit": starts})

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bot {self.token}"

    async def _nothing(self, request: web.Request) -> web.Response:
        self._note(f"{request.method} {request.path}", request, None, 404)
        return _json({"message": "404: Not Found", "code": 0}, 404)

    def _note(self, route: str, request: web.Request, body: Any, status: int) -> None:
        self.calls.append(Asked(route, dict(request.match_info), body, time.monotonic(), status))

    def _handler(self, route: str, work: Any) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            body, files = await _parts(request)
            bucket = self._bucket(route, request)
            answer = (
                await self._fault(route)
                or self._limit(route, bucket)
                or await self._do(route, request, work, body, files)
            )
            answer.headers.update(_headers(route, bucket) if bucket else {})
            lost = answer.status < 300 and self.faults.lost.get(route, 0) > 0
            self._note(route, request, body, 0 if lost else answer.status)
            if lost:
                self.faults.lost[route] -= 1
                if request.transport:
                    request.transport.abort()
            return answer

        return handle

    async def _fault(self, route: str) -> web.Response | None:
        await asyncio.sleep(self.faults.slow.get(route, 0.0))
        if self.faults.everywhere > 0:
            self.faults.everywhere -= 1
            return self._too_many(everywhere=True)
        if self.faults.limited.get(route, 0) > 0:
            self.faults.limited[route] -= 1
            return self._too_many()
        if broken := self.faults.broken.get(route):
            status = broken.pop(0)
            code, message = {403: (50001, "Missing Access"), 404: (10003, "Unknown Channel")}.get(status, (0, "broken"))
            return _json({"message": message, "code": code}, status)
        return None

    def _too_many(self, *, everywhere: bool = False, wait: float | None = None) -> web.Response:
        wait = self.faults.retry_after if wait is None else wait
        told = {"message": "You are being rate limited.", "retry_after": wait, "global": everywhere}
        headers = {"Retry-After": str(int(wait) + 1), "Via": "1.1 google"}
        headers["X-RateLimit-Scope"] = "global" if everywhere else "user"
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        return _json(told, 429, headers)

    def _bucket(self, route: str, request: web.Request) -> Bucket | None:
        """Buckets are per route and per channel, server or webhook. Interactions' first answers have none."""
        if "/interactions/" in route:
            return None
        ids = request.match_info
        major = ids.get("channel") or ids.get("guild") or ids.get("token") or ""
        most, per = self.limits.buckets.get(route, self.limits.others)
        return self._buckets.setdefault((route, major), Bucket(most, per))

    def _limit(self, route: str, bucket: Bucket | None) -> web.Response | None:
        if bucket is None or bucket.take():
            return None
        return self._too_many(wait=max(bucket.ends - time.monotonic(), 0.001))

    async def _do(
        self, route: str, request: web.Request, work: Any, body: Any, files: list[Attachment]
    ) -> web.Response:
        if not any(part in route for part in OPEN) and not self._known(request):
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        content = any(one.wants("content") for one in self.gateway.sessions.values())
        ids, query = dict(request.match_info), dict(request.query)
        call = Call(self.world, self.news, self.sight, self.limits, ids, query, body, files, content)
        try:
            answer = work(call)
        except Refused as error:
            return _json(error.body, error.status)
        return web.Response(status=204) if answer is None else _json(answer, 200)


def _sign(file: int, until: str) -> str:
    return hmac.new(SECRET, f"{file}:{until}".encode(), hashlib.sha256).hexdigest()


def _headers(route: str, bucket: Bucket) -> dict[str, str]:
    return bucket.headers | {"X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:16]}


def _json(answer: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """The SDK reads JSON only where the type stands alone, with no charset."""
    given = {**(headers or {}), "Content-Type": "application/json"}
    return web.Response(body=json.dumps(answer).encode(), status=status, headers=given)


async def _parts(request: web.Request) -> tuple[Any, list[Attachment]]:
    """A body, and the files beside it where it came in parts."""
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        return (json.loads(raw) if raw else None), []
    body, files = None, []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read(decode=True))
        if part.name == "payload_json":
            body = json.loads(data)
        else:
            files.append(Attachment(new_id(), part.filename or "file", data, "application/octet-stream"))
    return body, files
