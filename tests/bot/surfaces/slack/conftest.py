"""The real program in a loopback Slack: the real SDK, ledger, index and dialogue; the shipped echo writer."""

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import App, begin_writer, open_app, open_conversing
from bot.settings import Settings
from bot.surfaces.shown import Pages
from bot.surfaces.slack.api import Apis
from bot.surfaces.slack.door import Door, House
from bot.surfaces.slack.files import Incoming
from bot.surfaces.slack.serve import Access, Installed, Line, bolt, serve
from bot.surfaces.slack.surface import Manners, SlackSurface
from memory import Scope
from tests.loopback.slack.server import APP_TOKEN, CLIENT_ID, CLIENT_SECRET, SECRET, LoopbackSlack

SHOW = "The Salt Road"


@dataclass
class Bot:
    """Our program, started as often as a test wants, against one loopback Slack."""

    app: App
    slack: LoopbackSlack
    over_http: bool = False
    oauth: bool = False
    manners: Manners = field(default_factory=lambda: Manners(burst=0.05))
    say: str = ""
    gate: object = None
    exit: int | None = None
    deaf_after: float = 60.0
    early_for: float = 120.0
    unwell_after: float = 30.0
    line: Line | None = None
    _stack: AsyncExitStack | None = None
    _task: asyncio.Task | None = None

    async def start(self, port: int = 0) -> None:
        stack = self._stack = AsyncExitStack()
        said = f"echo:{self.say}" if self.say else "echo"
        writer = begin_writer(stack, Settings(writer=said, writer_context=16_000))
        room = await open_conversing(stack, self.app, writer)
        access = self._access()
        installed = Installed(access, self.app.ledger.engine)
        await installed.open()
        apis = Apis(installed if self.oauth else self._token, self.slack.api_url)
        incoming = Incoming(self.app.settings.home / "incoming", self.slack.url)
        ledger = self.app.ledger
        room.gate.serve("slack", SlackSurface(apis, ledger.inbox, incoming, self.manners))
        pages = Pages(ledger.threads, ledger.turns, ledger.inbox)
        house = House(ledger.inbox, ledger.shows, tuple(self.app.formats), pages, lambda show: [("Help", "/help")])
        ready = asyncio.Event()
        self.gate = room.gate
        door = Door(room.gate, house, apis, self.early_for)
        self.line = Line(door, self.unwell_after)
        self._task = asyncio.create_task(
            serve(
                stack,
                access,
                bolt(access, installed, ["chat:write"]),
                door,
                begin=lambda: room.gate.recover("slack"),
                say=lambda text: ready.set(),
                host="127.0.0.1",
                port=port,
                ping=0.3,
                deaf_after=self.deaf_after,
                line=self.line,
            )
        )
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            self._task.result()

    def _access(self) -> Access:
        if self.oauth:
            return Access(self.slack.api_url, "", "", SECRET, CLIENT_ID, CLIENT_SECRET)
        first = next(iter(self.slack.teams.values())).token
        return Access(self.slack.api_url, first, "" if self.over_http else APP_TOKEN, SECRET)

    async def _token(self, team: str) -> str:
        return self.slack.teams[team].token

    async def ended(self) -> int:
        return await self._task

    async def stop(self) -> None:
        """As when the process is told to end, in the middle of whatever it does."""
        if self._stack is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
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
async def slack():
    async with LoopbackSlack() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def bot(app, slack):
    made = Bot(app, slack)
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def team(app, slack, request):
    """A workspace of the test's own, whose channel C1 works on a show."""
    made = slack.add_team(f"T{abs(hash(request.node.name)) % 10**8}", U1="Ana", U2="Bo")
    made.add_channel("C1", "room", "U1", "U2")
    made.add_channel("D1", "dm", "U1", kind="im")
    show = await app.ledger.shows.ensure(made.id, SHOW)
    for room in ("C1", "D1"):
        await app.ledger.shows.bind(Scope("slack", made.id, room), show.id)
    return made


@pytest.fixture
def until():
    """Waits for something to become true, in another task or on the other side of the line."""

    async def wait(true, seconds: float = 20.0):
        async with asyncio.timeout(seconds):
            while not (found := true()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    return wait


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
