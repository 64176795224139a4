"""Chat: the conversation in the terminal, from the first screen to the last word.

Chooses between the prompt, plain lines and one message. Knows nothing of how answers come about.
"""

import asyncio
import getpass
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app import App, Conversing, Writing, open_app, open_conversing
from bot.commands import TABLE
from bot.commands.talk import where
from bot.config import Config, environment
from bot.events import Inbound, Reply, Stage
from bot.progress import Bars
from bot.rooms import fresh
from bot.shows import EXAMPLE, ROOM, TENANT, UNTITLED, choose_show, example_folder, last_show
from bot.surfaces.plain import converse, one_shot
from bot.surfaces.repl import Repl, Status
from bot.surfaces.terminal import Terminal, terminal
from chains import WriterError
from memory import Scope, Show, Thread


def author(config: Config) -> str:
    """Who is speaking: as set, or the name of the person's account."""
    return config.settings.author or getpass.getuser()


async def open_chat(
    stack: AsyncExitStack,
    config: Config,
    writer: Writing,
    *,
    message: str | None,
    show: str,
    form: str,
    resume: bool,
) -> int:
    """Converse until the person leaves, or answer one message. Gives the exit status."""
    app = await open_app(stack, config.settings)
    seat = terminal(environment(), sys.stdin, sys.stdout)
    piped = None if message is not None or sys.stdin.isatty() else ""
    chosen = await _first_show(app, config, show, asks=seat.interactive and message is None)
    if form not in app.formats:
        raise WriterError(f"There is no format “{form}”; there are {', '.join(app.formats)}.")
    room = await open_conversing(stack, app, writer)
    scope, greeting = await _scope(app, chosen, form, resume)
    if message is None and piped is not None and not seat.interactive:
        message = (await asyncio.to_thread(sys.stdin.read)).strip()
        if not message:
            return 0
    who = author(config)
    if message is not None:
        return await one_shot(room.respond, message, scope=scope, author=who, out=sys.stdout, err=sys.stderr)
    if not seat.interactive:
        source = sys.stdin.fileno()
        return await converse(
            room.respond, scope=scope, author=who, source=source, out=sys.stdout, err=sys.stderr, greeting=greeting
        )
    return await _Seat(room, scope, who, seat, greeting).run()


class _Seat:
    """The prompt, with what its toolbar shows kept true after every answer."""

    def __init__(self, room: Conversing, scope: Scope, who: str, seat: Terminal, greeting: Sequence[str]) -> None:
        self._room = room
        self._scope = scope
        self._status = Status(writer="loading the model…")
        self._repl = Repl(
            respond=self._respond,
            commands=TABLE,
            complete=self._complete,
            scope=scope,
            author=who,
            terminal=seat,
            status=lambda: self._status,
            history=room.app.settings.home / "history",
            greeting=greeting,
        )

    async def run(self) -> int:
        watching = asyncio.create_task(self._watch_writer())
        await self._look()
        try:
            return await self._repl.run()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _respond(self, inbound: Inbound, stage: Stage) -> Reply:
        reply = await self._room.respond(inbound, stage)
        if inbound.kind != "stop":
            self._scope = reply.scope or self._scope
            await self._look()
        return reply

    async def _look(self) -> None:
        """Bring the toolbar up to date."""
        talk = await self._room.app.rooms.look(self._scope)
        self._status = Status(talk.show.name, talk.thread.format, self._status.writer)
        self._repl.refresh()

    async def _watch_writer(self) -> None:
        try:
            await self._room.writer.ready()
            state = ""
        except WriterError as error:
            state = str(error)
        self._status = Status(self._status.show, self._status.format, state)
        self._repl.refresh()

    async def _complete(self, kind: str, prefix: str) -> Sequence[str]:
        return await self._room.complete(kind, prefix, self._scope)


async def _first_show(app: App, config: Config, name: str, *, asks: bool) -> Show:
    """The show to work on. Somebody new is offered the example, or says what theirs is called."""
    folder = example_folder()
    if name or app.settings.show or not asks or folder is None or await last_show(app) is not None:
        return await choose_show(app, name)
    sys.stdout.write(f"Welcome to Dramaturg. Open the example show, {EXAMPLE}, to try it? [Y/n] ")
    sys.stdout.flush()
    answer = (await asyncio.to_thread(sys.stdin.readline)).strip().casefold()
    if answer not in ("", "y", "yes"):
        sys.stdout.write(f"What is your show called? [{UNTITLED}] ")
        sys.stdout.flush()
        return await choose_show(app, (await asyncio.to_thread(sys.stdin.readline)).strip() or UNTITLED)
    show = await choose_show(app, EXAMPLE)
    await _learn_example(app, show, folder, author(config))
    return show


async def _learn_example(app: App, show: Show, folder: Path, who: str) -> None:
    with Bars() as bars:
        await app.learning.learn(show, [folder], who, bars.tell)


async def _scope(app: App, show: Show, form: str, resume: bool) -> tuple[Scope, list[str]]:
    """The thread to talk in, and what is said first."""
    thread = await app.ledger.threads.latest(ROOM, show.id) if resume else None
    if thread is None:
        place = fresh(ROOM)
        if form != "chat":
            await app.ledger.threads.open(place, show.id)
            await app.ledger.threads.set_format(place, form)
        return place, await _greeting(app, show)
    return thread.scope, await _welcome_back(app, thread)


async def _greeting(app: App, show: Show) -> list[str]:
    entries = len(await app.ledger.canon.listing(TENANT, show.id))
    knows = f"{entries} canon entries" if entries else "no canon yet: /learn FOLDER reads your bible"
    problems = [f"! {problem}" for problem in app.problems]
    return [
        f"{show.name} ({knows}). Ask, or say what to write.",
        "/format picks a form, /help lists the rest.",
        *problems,
    ]


async def _welcome_back(app: App, thread: Thread) -> list[str]:
    talk = await app.ledger.threads.conversation(thread.scope, app.settings.window)
    return where(talk.thread, talk.window).replace("**", "").splitlines()
