"""The gateway, version 10: hello, heartbeats, identify, resume, shards, intents and compression.

It keeps every session's events, so that a client that comes back gets what it missed. Knows nothing
of the REST API; what an event holds is the caller's.
"""

import asyncio
import contextlib
import json
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.loopback.discord import wire
from tests.loopback.discord.faults import Faults, Limits
from tests.loopback.discord.world import Guild, World

Json = dict[str, Any]

INTENTS = {
    "guilds": 1 << 0,
    "members": 1 << 1,
    "presences": 1 << 8,
    "guild_messages": 1 << 9,
    "guild_reactions": 1 << 10,
    "guild_typing": 1 << 11,
    "dm_messages": 1 << 12,
    "dm_reactions": 1 << 13,
    "dm_typing": 1 << 14,
    "content": 1 << 15,
}


class Line:
    """One socket, compressed as its client asked."""

    def __init__(self, socket: web.WebSocketResponse, compress: str) -> None:
        self.socket = socket
        self._deflate = zlib.compressobj() if compress == "zlib-stream" else None

    async def send(self, frame: Json | str) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        with contextlib.suppress(ConnectionError):
            if self._deflate:
                packed = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(packed)
            else:
                await self.socket.send_str(text)

    def cut(self) -> None:
        request = self.socket._req
        if request and request.transport:
            request.transport.abort()


@dataclass
class Session:
    """What one identified client is sent. ``events`` are all of them, for RESUME."""

    id: str
    shard: tuple[int, int]
    intents: int
    events: list[Json | str] = field(default_factory=list)
    seq: int = 0
    line: Line | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0

    def wants(self, intent: str) -> bool:
        """What needs no intent has an empty one."""
        return not intent or bool(self.intents & INTENTS[intent])

    def covers(self, guild: Guild | None) -> bool:
        """Direct messages go to the first shard."""
        number, of = self.shard
        return (guild.id >> 22) % of == number if guild else number == 0

    def put(self, event: str, data: Any) -> None:
        self.seq += 1
        self.events.append({"op": 0, "t": event, "s": self.seq, "d": data})
        self.wake.set()

    async def flow(self) -> None:
        """Sends what is there, in order, as long as this line is its line."""
        line = self.line
        while self.line is line and line:
            while self.sent < len(self.events) and self.line is line:
                frame = self.events[self.sent]
                self.sent += 1
                await line.send(frame)
            self.wake.clear()
            await self.wake.wait()


@dataclass
class Gateway:
    """``url`` is where clients connect. ``identified`` holds when and as which shard each one began a session."""

    world: World
    token: str
    limits: Limits
    faults: Faults
    url: str = ""
    sessions: dict[str, Session] = field(default_factory=dict)
    identified: list[tuple[float, tuple[int, int]]] = field(default_factory=list)
    resumed: int = 0
    refused: list[int] = field(default_factory=list)
    beats: int = 0
    presence: Json = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def live(self) -> list[Session]:
        return [one for one in self.sessions.values() if one.line]

    # -- events --

    def dispatch(self, event: str, guild: Guild | None, intent: str, make: Callable[[bool], Json]) -> None:
        """One event to every session it concerns. ``make`` gets whether words of others may show in it."""
        times = 2 if self.faults.chance.random() < self.faults.repeat else 1
        for _ in range(times):
            late = self.faults.chance.uniform(0, self.faults.late)
            if late:
                self._start(self._later(late, event, guild, intent, make))
            else:
                self._dispatch(event, guild, intent, make)

    async def _later(self, late: float, *event: Any) -> None:
        await asyncio.sleep(late)
        self._dispatch(*event)

    def _dispatch(self, event: str, guild: Guild | None, intent: str, make: Callable[[bool], Json]) -> None:
        for session in self.sessions.values():
            if session.covers(guild) and session.wants(intent):
                session.put(event, make(session.wants("content")))

    def malformed(self, event: str = "MESSAGE_CREATE", data: Any = None) -> None:
        """An event that no client can read, to everybody."""
        for session in self.sessions.values():
            session.put(event, {"id": "not a number"} if data is None else data)

    # -- what goes wrong --

    def cut(self) -> None:
        """All lines break without a word; the sessions can be resumed."""
        for session in self.live:
            line, session.line = session.line, None
            session.wake.set()
            if line:
                line.cut()

    async def close(self, code: int) -> None:
        for session in self.live:
            if session.line:
                await session.line.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """As Discord does every now and then."""
        for session in self.live:
            if session.line:
                await session.line.send({"op": 7, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """The sessions are over; clients must identify anew, unless ``resumable``."""
        for session in self.live:
            line = session.line
            if not resumable:
                del self.sessions[session.id]
            if line:
                await line.send({"op": 9, "d": resumable})

    def forget(self) -> None:
        """Sessions whose client is gone cannot be resumed any more."""
        self.sessions = {one.id: one for one in self.live}

    # -- one socket --

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line, session = Line(socket, request.query.get("compress", "")), None
        await line.send({"op": 10, "d": {"heartbeat_interval": int(self.limits.heartbeat * 1000)}})
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    session = await self._frame(line, session, json.loads(message.data))
        finally:
            if session and session.line is line:
                session.line = None
                session.wake.set()
            # A client that says goodbye in the ordinary way gives its session up.
            if session and socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
        return socket

    async def _frame(self, line: Line, session: Session | None, frame: Json) -> Session | None:
        match frame.get("op"):
            case 1:
                self.beats += 1
                if not self.faults.deaf:
                    await line.send({"op": 11, "d": None})
            case 2:
                return await self._identify(line, session, frame["d"])
            case 6:
                return await self._resume(line, frame["d"])
            case 3:
                self.presence = frame["d"]
            case 8 if session:
                self._members(session, frame["d"])
            case _:
                await self._refuse(line, 4001 if session else 4003)
        return session

    async def _refuse(self, line: Line, code: int) -> None:
        self.refused.append(code)
        await line.socket.close(code=code)

    async def _identify(self, line: Line, session: Session | None, given: Json) -> Session | None:
        shard = tuple(given.get("shard") or (0, 1))
        intents = given.get("intents")
        wrong = None
        if session:
            wrong = 4005
        elif given.get("token") != self.token:
            wrong = 4004
        elif not 0 <= shard[0] < shard[1]:
            wrong = 4010
        elif not isinstance(intents, int) or not given.get("properties"):
            wrong = 4013
        elif any(
            intents & INTENTS[one] and one not in self.limits.privileged for one in ("members", "presences", "content")
        ):
            wrong = 4014
        if wrong:
            await self._refuse(line, wrong)
            return session
        self.identified.append((time.monotonic(), shard))
        self.limits.starts -= 1
        session = Session(secrets.token_hex(16), shard, intents, line=line)
        self.sessions[session.id] = session
        self._greet(session)
        self._start(session.flow())
        return session

    def _greet(self, session: Session) -> None:
        guilds = [one for one in self.world.guilds.values() if one.here and session.covers(one)]
        me = wire.user(self.world.me) | {"verified": True, "mfa_enabled": False, "email": None, "flags": 0}
        ready: Json = {"v": 10, "user": me, "session_id": session.id, "resume_gateway_url": self.url}
        ready |= {"shard": list(session.shard), "application": {"id": str(self.world.me.id), "flags": 0}}
        ready |= {"guilds": [{"id": str(one.id), "unavailable": True} for one in guilds], "private_channels": []}
        session.put("READY", ready)
        if session.wants("guilds"):
            for one in guilds:
                session.put("GUILD_CREATE", wire.guild(one))

    async def _resume(self, line: Line, given: Json) -> Session | None:
        session = self.sessions.get(given.get("session_id", ""))
        if given.get("token") != self.token:
            await self._refuse(line, 4004)
            return None
        if session is None or not isinstance(given.get("seq"), int):
            await line.send({"op": 9, "d": False})
            return None
        if given["seq"] > session.seq:
            await self._refuse(line, 4007)
            return None
        session.sent = given["seq"]
        session.put("RESUMED", {})
        session.line = line
        session.wake.set()
        self.resumed += 1
        self._start(session.flow())
        return session

    def _members(self, session: Session, given: Json) -> None:
        guild = self.world.guilds.get(int(given["guild_id"]))
        if guild is None:
            return
        wanted = {int(one) for one in given.get("user_ids") or []}
        asked = (given.get("query") or "").lower()
        found = [guild.users[one] for one in guild.members]
        found = (
            [one for one in found if one.id in wanted]
            if wanted
            else [o for o in found if o.name.lower().startswith(asked)]
        )
        data: Json = {"guild_id": str(guild.id), "members": [wire.member(guild, one) for one in found]}
        session.put("GUILD_MEMBERS_CHUNK", data | {"chunk_index": 0, "chunk_count": 1, "nonce": given.get("nonce")})

    # -- tasks --

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
