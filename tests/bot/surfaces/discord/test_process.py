"""The real program in a process of its own, between a loopback Discord and a loopback Slack: served, told to
end, and killed in mid-answer."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.loopback.discord.server import LoopbackDiscord
from tests.loopback.slack.server import APP_TOKEN, LoopbackSlack

ROOT = Path(__file__).parents[4]
WORDS = " ".join(f"word{n}" for n in range(120))


class Program:
    """``dramaturg``, started as often as a test wants, always with the same home."""

    def __init__(self, folder: Path, server: LoopbackDiscord) -> None:
        self.folder = folder
        self.server = server
        self.process: asyncio.subprocess.Process | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DRAMATURG_")}
        self.settings = {
            "HOME": str(folder / "home"),
            "CACHE": str(folder / "cache"),
            "WRITER": "echo",
            "DISCORD_TOKEN": server.token,
            "DISCORD_BASE_URL": server.rest_url,
            "DISCORD_FILES": server.url,
            "DISCORD_MESSAGE_CONTENT": "true",
        }
        self._env = {**kept, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)}

    @property
    def log(self) -> str:
        return (self.folder / "out").read_text()

    async def start(self, *words: str) -> None:
        """Until it listens to Discord."""
        env = self._env | {f"DRAMATURG_{name}": value for name, value in self.settings.items()}
        sessions = set(self.server.gateway.sessions)
        with (self.folder / "out").open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", *words, cwd=self.folder, env=env, stdout=out, stderr=out
            )
        deadline = asyncio.get_running_loop().time() + 120
        while not set(self.server.gateway.sessions) - sessions:
            assert self.process.returncode is None, self.log
            assert asyncio.get_running_loop().time() < deadline, self.log
            await asyncio.sleep(0.1)

    async def end(self, sign: signal.Signals) -> int:
        assert self.process
        with suppress(ProcessLookupError):
            self.process.send_signal(sign)
        return await asyncio.wait_for(self.process.wait(), 60)


@pytest_asyncio.fixture
async def server():
    async with LoopbackDiscord() as made:
        yield made


@pytest_asyncio.fixture
async def program(tmp_path, server):
    made = Program(tmp_path, server)
    yield made
    if made.process and made.process.returncode is None:
        await made.end(signal.SIGKILL)


@pytest.fixture
def people(server):
    ana = server.add_user("Ana")
    return ana, server.add_channel(server.add_guild("One", ana), "room")


async def until(true, program, seconds: float = 90.0):
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := true()):
        assert asyncio.get_running_loop().time() < deadline, program.log
        await asyncio.sleep(0.05)
    return found


def pages(server, label="Again"):
    return [one for one in server.world.by_bot() if one.deleted is None and label in one.buttons]


async def test_a_program_killed_in_mid_answer_leaves_a_page_that_the_next_one_finishes(program, server, people):
    ana, channel = people
    await program.start("discord")
    server.mention(channel, ana, "/show The Salt Road")
    await until(lambda: channel.by(server.world.me), program)
    await program.end(signal.SIGTERM)
    program.settings["WRITER"] = f"echo:slow=0.2,say={WORDS}"
    await program.start("discord")
    asked = server.mention(channel, ana, "Write at length")
    page = (await until(lambda: [one for one in pages(server, "Stop") if "word12" in one.content], program))[0]
    assert await program.end(signal.SIGKILL) == -signal.SIGKILL
    told = server.say(asked.thread, ana, "Are you there?")
    program.settings["WRITER"] = "echo"
    await program.start("discord")
    await until(lambda: "Stop" not in page.buttons and page.buttons, program)
    assert "word5" in page.content
    assert "word119" not in page.content
    await until(lambda: [one for one in pages(server) if "Are you there?" in one.content], program)
    said = asked.thread.by(server.world.me)
    assert said[0] is page
    assert len(said) == 2, "nothing is there twice"
    assert told.deleted is None
    assert await program.end(signal.SIGTERM) == 0


async def test_discord_alone_says_how_it_is_too(program, server, people, unused_tcp_port):
    program.settings["HEALTH_PORT"] = str(unused_tcp_port)
    await program.start("discord")
    async with aiohttp.ClientSession() as session:
        status = 0
        while status != 200:  # well as soon as the line stands
            await asyncio.sleep(0.2)
            async with session.get(f"http://127.0.0.1:{unused_tcp_port}/health") as answer:
                status, state = answer.status, await answer.json()
    assert state["ok"] is state["discord"]["ok"] is True
    assert await program.end(signal.SIGTERM) == 0


async def test_slack_and_discord_are_served_by_one_program_that_says_how_it_is(
    program, server, people, unused_tcp_port
):
    ana, channel = people
    async with LoopbackSlack() as slack:
        team = slack.add_team("T1", U1="Ana")
        team.add_channel("C1", "room", "U1")
        program.settings |= {
            "SLACK_BOT_TOKEN": team.token,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_BASE_URL": slack.api_url,
            "HEALTH_PORT": str(unused_tcp_port),
            "WRITER": f"echo:slow=0.2,say={WORDS}",
        }
        await program.start("serve")
        await until(slack.connected.is_set, program)
        slack.mention(team, "C1", "U1", "/show The Salt Road")
        server.mention(channel, ana, "/show The Salt Road")
        await until(lambda: team.from_bot("C1") and channel.by(server.world.me), program)

        async with aiohttp.ClientSession() as session:

            async def health():
                async with session.get(f"http://127.0.0.1:{unused_tcp_port}/health") as answer:
                    return answer.status, await answer.json()

            status, state = await health()
            while status != 200:  # well as soon as both lines stand
                await asyncio.sleep(0.2)
                status, state = await health()
            assert state["ok"] is state["slack"]["ok"] is state["discord"]["ok"] is True
        server.mention(channel, ana, "Write at length")
        page = (await until(lambda: [one for one in pages(server, "Stop") if "word5" in one.content], program))[0]
        assert await program.end(signal.SIGTERM) == 0
        assert "restarted" in page.content, "who reads it meanwhile knows why it ends there"
    assert "Traceback" not in program.log
    every = program.log + "".join(path.read_text() for path in (program.folder / "home").rglob("*.log"))
    assert server.token not in every
    assert team.token not in every


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
