"""Opening: everything a conversation in the terminal needs, put together; and how it begins.

Knows nothing of prompts, screens or how answers come about.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import App, Conversing, begin_writer, open_app, open_conversing
from bot.commands.call import Mistaken
from bot.commands.talk import where
from bot.config import Config, author
from bot.events import Inbound, Reply, Stage
from bot.learning import many
from bot.progress import Bars
from bot.rooms import fresh
from bot.shows import EXAMPLE, ROOM, TENANT, UNTITLED, choose_show, example_folder, last_show
from chains import WriterError
from memory import Scope, Show, Thread


@dataclass(slots=True)
class Opened:
    """A conversation that can begin: where it stands, and what is said first. ``scope`` moves with
    the person."""

    room: Conversing
    scope: Scope
    greeting: list[str] = field(default_factory=list)

    async def respond(self, inbound: Inbound, stage: Stage) -> Reply:
        return await self.room.respond(inbound, stage)

    async def complete(self, kind: str, prefix: str) -> list[str]:
        return await self.room.complete(kind, prefix, self.scope)

    async def look(self) -> tuple[str, str]:
        """The show's name and the format in force."""
        talk = await self.room.app.rooms.look(self.scope)
        return talk.show.name, talk.thread.format

    async def writer_ready(self) -> str:
        """Wait for the writer; what is wrong with it, or nothing."""
        try:
            await self.room.writer.ready()
        except WriterError as error:
            return str(error)
        return ""


async def open_chat(stack: AsyncExitStack, config: Config, *, show: str, form: str, resume: bool, asks: bool) -> Opened:
    """Open the parts and find the thread to talk in. ``asks``: somebody new may be asked what to begin
    with. Raises the parts' errors, and Mistaken for a format that does not exist."""
    writer = begin_writer(stack, config.settings)
    app = await open_app(stack, config.settings)
    if form not in app.formats:
        raise Mistaken(f"There is no format “{form}”; there are {', '.join(app.formats)}.")
    chosen = await _first_show(app, config, show) if asks else await choose_show(app, show)
    room = await open_conversing(stack, app, writer)
    scope, greeting = await _thread(app, chosen, form, resume)
    return Opened(room, scope, greeting)


async def _first_show(app: App, config: Config, name: str) -> Show:
    """Somebody new is offered the example, or says what their show is called."""
    folder = example_folder()
    if name or app.settings.show or folder is None or await last_show(app) is not None:
        return await choose_show(app, name)
    answer = await _asked(f"Welcome to Dramaturg. Open the example show, {EXAMPLE}, to try it? [Y/n] ")
    if answer.casefold() not in ("", "y", "yes"):
        return await choose_show(app, await _asked(f"What is your show called? [{UNTITLED}] ") or UNTITLED)
    show = await choose_show(app, EXAMPLE)
    await _learn_example(app, show, folder, author(config.settings))
    return show


async def _asked(question: str) -> str:
    sys.stdout.write(question)
    sys.stdout.flush()
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.strip()


async def _learn_example(app: App, show: Show, folder: Path, who: str) -> None:
    with Bars() as bars:
        await app.learning.learn(show, [folder], who, bars.tell)


async def _thread(app: App, show: Show, form: str, resume: bool) -> tuple[Scope, list[str]]:
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
    knows = many(entries, "canon entry", "canon entries") if entries else "no canon yet: /learn FOLDER reads your bible"
    problems = [f"! {problem}" for problem in app.problems]
    return [
        f"{show.name} ({knows}). Ask, or say what to write.",
        "/format picks a form, /help lists the rest.",
        *problems,
    ]


async def _welcome_back(app: App, thread: Thread) -> list[str]:
    talk = await app.ledger.threads.conversation(thread.scope, app.settings.window)
    return where(talk.thread, talk.window).splitlines()
