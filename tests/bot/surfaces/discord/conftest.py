"""The real program in a loopback Discord: the real SDK, ledger, index and dialogue; the shipped echo writer."""

import asyncio
import warnings
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

with warnings.catch_warnings():  # the SDK imports a module that Python has announced the end of
    warnings.simplefilter("ignore", DeprecationWarning)
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    from bot.serving.discord import open_discord

from bot.app import App, begin_writer, open_app, open_conversing
from bot.commands.call import Mistaken
from bot.gate import Gate
from bot.serving.house import House
from bot.settings import Settings
from memory import Scope
from tests.loopback.discord.server import TOKEN, LoopbackDiscord
from tests.loopback.discord.world import EPHEMERAL, LOADING, Channel, Guild, Interaction, Message, User

SHOW = "The Salt Road"


@dataclass(eq=False)
class Room:
    """A server of the test's own, whose channel ``room`` works on a show, and who is in it."""

    app: App
    server: LoopbackDiscord
    guild: Guild
    channel: Channel
    ana: User
    bo: User
    robot: User
    show: str = SHOW

    def all_of(self, asked: Message) -> list[Message]:
        """What we have said about a message: in its thread, or where it stands as replies."""
        me = self.server.world.me
        return asked.thread.by(me) if asked.thread else [one for one in asked.channel.by(me) if one.reply_to is asked]

    def pages(self, asked: Message) -> list[Message]:
        """Finished pages about it; of a long one the last part."""
        return [one for one in self.all_of(asked) if "Again" in one.buttons]

    def finished(self, asked: Message) -> bool:
        return bool(self.pages(asked))

    def here(self, channel: Channel) -> list[Message]:
        """What we have said in a place and will not say differently any more."""
        said = channel.by(self.server.world.me)
        return [one for one in said if "Stop" not in one.buttons and not one.flags & LOADING and one.buttons]

    def written(self) -> list[Message]:
        """All finished pages in this server."""
        every = [one for one in self.server.world.by_bot() if one.channel.guild is self.guild]
        return [one for one in every if one.deleted is None and "Again" in one.buttons]

    def scope(self, asked: Message) -> Scope:
        thread = asked.thread.id if asked.thread else asked.id
        return Scope("discord", str(self.guild.id), str(asked.channel.id), str(thread))

    def direct(self, dm: Channel, who: User) -> Scope:
        """A direct conversation is a tenant of its own."""
        return Scope("discord", str(who.id), str(dm.id))

    def option(self, command: str) -> str:
        """What the first option of a slash command is called."""
        every = [one for table in self.server.world.commands.values() for one in table]
        return str(next(one for one in every if one["name"] == command)["options"][0]["name"])

    def slash(self, channel: Channel, who: User, command: str, text: str = "") -> Interaction:
        """A slash command whose words all go into its first option."""
        given = {self.option(command): text} if text else {}
        return self.server.slash(channel, who, command, **given)

    def typed(self, channel: Channel, who: User, command: str, text: str) -> Interaction:
        """The same while it is typed."""
        option = self.option(command)
        return self.server.complete(channel, who, command, option, **{option: text})

    async def bind(self, channel: Channel, show: str = "") -> None:
        known = await self.app.ledger.shows.ensure(str(self.guild.id), show or self.show)
        await self.app.ledger.shows.bind(Scope("discord", str(self.guild.id), str(channel.id)), known.id)

    async def another(self, show: str, shard: int = 0, shards: int = 1) -> "Room":
        """One more server, with another show."""
        return await furnish(self.app, self.server, show, shard, shards)

    async def quiet(self, seconds: float = 1.2) -> None:
        """Until nobody has done anything for so long."""
        loop = asyncio.get_running_loop()
        count, since = -1, loop.time()
        while loop.time() - since < seconds:
            now = len(self.server.calls) + sum(one.sent for one in self.server.gateway.sessions.values())
            if now != count:
                count, since = now, loop.time()
            await asyncio.sleep(0.05)

    async def when(self, found: Any, wanted: Any, seconds: float = 30.0) -> None:
        """Waits until what is found is what is wanted."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (now := await found()) != wanted:
            assert asyncio.get_running_loop().time() < deadline, f"{now!r} is not {wanted!r}"
            await asyncio.sleep(0.05)


async def furnish(app: App, server: LoopbackDiscord, show: str, shard: int = 0, shards: int = 1) -> Room:
    ana, bo, robot = (server.add_user(name) for name in ("Ana", "Bo", "Robot"))
    robot.bot = True
    guild = server.add_guild(f"Server of {show}", ana, bo, robot, shard=shard, shards=shards)
    made = Room(app, server, guild, server.add_channel(guild, "room"), ana, bo, robot, show)
    await made.bind(made.channel)
    return made


@dataclass
class Bot:
    """Our program, started as often as a test wants, against one loopback Discord. ``content``: whether it may
    read along; ``say``: what the writer says; ``settings``: any others."""

    app: App
    server: LoopbackDiscord
    content: bool = False
    say: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    misconfigured: type[Exception] = Mistaken
    gate: Gate | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _stack: AsyncExitStack | None = None
    _task: "asyncio.Task[int] | None" = None

    async def start(self) -> None:
        """Until every shard listens. Raises what ends the program before that."""
        stack = self._stack = AsyncExitStack()
        settings = Settings(**self._configured())
        conversing = await open_conversing(stack, self.app, begin_writer(stack, settings))
        self.gate = conversing.gate
        served = await open_discord(stack, House(settings, self.app, conversing))
        sessions = set(self.server.gateway.sessions)
        self._over = asyncio.Event()
        self._task = asyncio.create_task(served.run(self._over))
        while len(set(self.server.gateway.sessions) - sessions) < self.server.shards:
            await asyncio.wait({self._task}, timeout=0.02)
            if self._task.done():
                self._task.result()
                raise AssertionError("it ended without a word")
        while not self.server.world.commands:  # told to Discord behind, the first time
            await asyncio.wait({self._task}, timeout=0.02)

    def _configured(self) -> dict[str, Any]:
        writer = f"echo:{self.say}" if self.say else "echo"
        server = {"discord_base_url": self.server.rest_url, "discord_files": self.server.url}
        given = {"discord_token": TOKEN, "discord_message_content": self.content, "discord_burst": 0.05}
        return {"home": self.app.settings.home, "writer": writer, **server, **given, **self.settings}

    async def stop(self) -> None:
        """As when the process is told to end, in the middle of whatever it does."""
        self._over.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=60)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory):
    """One open program for all tests of a module: opening the models takes seconds."""
    home: Path = tmp_path_factory.mktemp("home")
    async with AsyncExitStack() as stack:
        (home / "formats").mkdir()
        (home / "formats" / "chat.toml").write_text('extends = "chat"\ntokens = 4000\n')
        settings = Settings(home=home, cache=home / "cache", writer="echo", formats=home / "formats")
        yield await open_app(stack, settings)


@pytest_asyncio.fixture(loop_scope="module")
async def discord():
    before = discord_sdk()
    async with LoopbackDiscord() as server:
        yield server
    discord_sdk(*before)


def discord_sdk(*aims: Any) -> tuple[Any, Any]:
    """Where the SDK looks for Discord; set when given."""
    if aims:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = aims
    return Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY


@pytest_asyncio.fixture(loop_scope="module")
async def bot(app, discord):
    made = Bot(app, discord)
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def room(app, discord):
    return await furnish(app, discord, SHOW)


@pytest.fixture
def until(discord):
    """Waits for something to become true, in another task or on the other side of the line; says what there
    was to be seen when it never does."""

    async def wait(true, seconds: float = 30.0):
        deadline = asyncio.get_running_loop().time() + seconds
        while not (found := true()):
            assert asyncio.get_running_loop().time() < deadline, f"waited in vain; there was:\n{seen(discord)}"
            await asyncio.sleep(0.02)
        return found

    return wait


def seen(server: LoopbackDiscord) -> str:
    """All that people and the bot said, and what the bot asked in vain."""
    rows = [
        f"#{channel.name or 'direct'} {one.author.name}{' (private)' * bool(one.flags & EPHEMERAL)}"
        f"{' (gone)' * (one.deleted is not None)}: {one.shown!r} {list(one.buttons)}"
        for channel in server.world.channels.values()
        for one in channel.ever
    ]
    failed = [f"{one.route} {one.ids}: {one.status}" for one in server.calls if not 200 <= one.status < 300]
    return "\n".join(rows + failed)
