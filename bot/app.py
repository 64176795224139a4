"""The composition root: opens the parts and puts them together. The only file that reaches past a
folder's front door.

What a conversation needs at once is opened here; the models load behind it.
"""

import asyncio
import importlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot import passages
from bot.bible import BibleFiles
from bot.commands.canon import CanonDesk
from bot.commands.editing import Editing
from bot.commands.knowledge import Knowledge
from bot.commands.pages import Pages
from bot.commands.past import Past
from bot.commands.profile import ProfileDesk
from bot.commands.settings import RoomSettings
from bot.commands.talk import Talk
from bot.desk import Desk
from bot.dialogue import Dialogue
from bot.events import Inbound, Reply, Stage
from bot.footing import Footing
from bot.gate import Gate, Rules
from bot.learning import Learning
from bot.librarian import Librarian
from bot.lore import Lores
from bot.rooms import Rooms
from bot.seat import Seat
from bot.settings import Settings
from chains import Format
from chains.formats.load import load_formats
from chains.models import WriterSettings, open_writer
from chains.writer import Writer
from memory import Conversation, Job, Record, Scope
from memory.ledger import Ledger
from vectorstore import Address, Passage
from vectorstore.embedding import Embedder
from vectorstore.index import Index
from vectorstore.ingest import Reader
from vectorstore.lock import lock

PROGRAM = "dramaturg"
Writing = Writer
Ready = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class App:
    """The program's parts, open. ``formats`` problems are sentences for whoever asks."""

    settings: Settings
    ledger: Ledger
    index: Index
    embedder: Embedder
    librarian: Librarian
    learning: Learning
    rooms: Rooms
    lore: Lores
    formats: Mapping[str, Format]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Conversing:
    """An App that can also write: what a surface talks to."""

    app: App
    writer: Writer
    gate: Gate
    talk: Talk

    async def respond(self, inbound: Inbound, stage: Stage) -> Reply:
        return await self.gate.admit(inbound, stage)

    async def complete(self, kind: str, prefix: str, scope: Scope) -> list[str]:
        """Names of ``kind`` (a Command's ``completes``) that begin with ``prefix``, for this place."""
        talk = await self.app.rooms.look(scope)
        found = await _names(self, kind, talk, scope)
        return [name for name in found if name.casefold().startswith(prefix.casefold())]


async def open_app(stack: AsyncExitStack, settings: Settings, *, anew: bool = False) -> App:
    """Open the ledger and the index; ``stack`` closes them. ``anew`` starts an empty index, which the librarian then
    owes everything.

    Raises LedgerError and IndexFault with a sentence that says what to do.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    embedder = Embedder(settings.embedder)
    stack.push_async_callback(embedder.close)
    ledger: Ledger | None = None

    async def owe_everything() -> None:
        nonlocal ledger
        ledger = await _open_ledger(stack, settings)
        await ledger.outbox.everything()

    index = await _open_index(stack, settings, embedder, owe_everything if anew else None)
    stack.push_async_callback(index.close)
    ledger = ledger or await _open_ledger(stack, settings)
    # The index's lock says that whoever had our name is dead: what was unfinished under it is ours to end.
    holder = await asyncio.to_thread(_holder, _index(settings))
    await ledger.turns.recover(holder)
    desk = Seat(ledger.leases, holder) if _shared(settings) else None
    return assemble(stack, settings, ledger, index, embedder, desk)


async def _open_ledger(stack: AsyncExitStack, settings: Settings) -> Ledger:
    ledger = await Ledger.open(settings.ledger or f"sqlite:///{settings.home / 'ledger.db'}")
    stack.push_async_callback(ledger.close)
    return ledger


async def _open_index(stack: AsyncExitStack, settings: Settings, embedder: Embedder, anew: Ready | None) -> Index:
    """``anew`` starts an empty one, once ``anew`` is done: what is thrown away must be owed before."""
    if not _shared(settings):
        return await Index.open(_index(settings), embedder, PROGRAM, anew is not None, anew)
    # A server lets many programs in. A home is one program's all the same, and the embedded index would say so.
    home = await asyncio.to_thread(lock, _index(settings), PROGRAM, f"The folder {settings.home}", os.getpid())
    stack.callback(home.release)
    address = Address(settings.index, settings.index_api_key.get_secret_value(), settings.index_collection)
    return await Index.at(address, embedder, anew is not None, anew)


def _shared(settings: Settings) -> bool:
    """Whether the index is in a server."""
    return Address.names(settings.index)


def _index(settings: Settings) -> Path:
    """The folder of the index, and of its lock where it is in a server."""
    return Path(settings.index) if settings.index and not _shared(settings) else settings.home / "index"


def _holder(index: Path) -> str:
    """This program's name among those that share a ledger. It lies beside the index, whose lock lets only one
    program at a time bear it: the next one takes over at once what a dead one held."""
    file = index.with_name(f"{index.name}.holder")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(uuid4().hex, encoding="utf-8")
    return f"{socket.gethostname()}:{file.read_text(encoding='utf-8').strip()}"


def assemble(
    stack: AsyncExitStack,
    settings: Settings,
    ledger: Ledger,
    index: Index,
    embedder: Embedder,
    desk: Seat | None = None,
) -> App:
    """Put open parts together. They stay the caller's to close; ``stack`` closes what is made here. ``desk``: other
    programs share ledger and index."""
    librarian = Librarian(ledger.outbox, index, _cutter(ledger), desk)
    reader = Reader()
    stack.push_async_callback(reader.close)
    loaded = load_formats(settings.formats)
    return App(
        settings=settings,
        ledger=ledger,
        index=index,
        embedder=embedder,
        librarian=librarian,
        learning=Learning(reader, ledger.shows, BibleFiles(ledger.bible, ledger.canon), ledger.sources, librarian),
        rooms=Rooms(ledger.shows, ledger.threads, ledger.profile, settings.window),
        lore=Lores(ledger.canon),
        formats=_bounded(loaded.named, settings.answer_tokens),
        problems=loaded.problems,
    )


def _bounded(formats: Mapping[str, Format], tokens: int) -> Mapping[str, Format]:
    """The formats with the longest answer the settings allow."""
    if not tokens:
        return formats
    return {name: replace(form, tokens=min(form.tokens, tokens)) for name, form in formats.items()}


async def open_conversing(stack: AsyncExitStack, app: App, writer: Writer) -> Conversing:
    """Put a conversation on top of an open app. The librarian starts to work behind."""
    footing = Footing(app.embedder)
    dialogue = Dialogue(
        threads=app.ledger.threads,
        turns=app.ledger.turns,
        library=app.index,
        catalogue=app.librarian,
        lore=app.lore,
        formats=app.formats,
        profile=app.ledger.profile,
        footing=footing,
        writer=writer,
        window=app.settings.window,
    )
    talk = Talk(app.rooms, app.ledger.threads, app.librarian.ring)
    desk = Desk(app.rooms, dialogue, _handlers(app, dialogue, talk, footing))
    ledger, holder = app.ledger, await asyncio.to_thread(_holder, _index(app.settings))
    gate = Gate(
        desk.respond,
        ledger.inbox,
        _rules(app.settings),
        ledger.leases,
        holder,
        heard=lambda text: app.index.expect((text,)),
    )
    working = asyncio.create_task(app.librarian.work(), name="librarian")

    async def stop_working() -> None:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    stack.push_async_callback(stop_working)
    stack.push_async_callback(dialogue.close)
    stack.push_async_callback(gate.close)
    return Conversing(app, writer, gate, talk)


def begin_writer(stack: AsyncExitStack, settings: Settings) -> Writer:
    """The writer the settings name. Returns at once; it loads behind."""
    writer = open_writer(
        settings.writer,
        WriterSettings(
            cache=settings.cache,
            base_url=settings.writer_base_url,
            api_key=settings.writer_api_key.get_secret_value(),
            context=settings.writer_context,
            small=None if settings.writer_small == "auto" else settings.writer_small,
            threads=settings.threads,
        ),
    )
    stack.push_async_callback(writer.close)
    return writer


async def _names(room: Conversing, kind: str, talk: Conversation, scope: Scope) -> Sequence[str]:
    ledger, show = room.app.ledger, talk.show
    match kind:
        case "format":
            return list(room.app.formats)
        case "show":
            return [one.name for one in await ledger.shows.all(show.tenant)]
        case "thread":
            return ["new", *(one.title for one in await room.talk.listed(scope, show.id) if one.title)]
        case "source":
            return [one.title for one in await ledger.sources.listing(show.tenant, show.id)]
        case "canon":
            known = (await room.app.lore(show)).names.all
            return [name for one in known for name in (one.name, *one.aliases)]
        case "steer":
            return list(room.app.formats[talk.thread.format].steers) if talk.thread.format in room.app.formats else []
        case _:
            return []


async def fetch_model(what: str, cache: Path) -> str:
    """Bring a model from the hub; gives the writer's name. The hub's client is loaded only now."""
    fetch = await asyncio.to_thread(importlib.import_module, "chains.fetch")
    name: str = await asyncio.to_thread(fetch.fetch_model, what, cache)
    return name


def _handlers(app: App, dialogue: Dialogue, talk: Talk, footing: Footing) -> dict[str, Any]:
    changed = app.librarian.ring
    pages = Pages(app.rooms, app.ledger.threads, app.ledger.turns, dialogue, app.formats, changed)
    canon = CanonDesk(app.rooms, app.ledger.canon, changed)
    knowledge = Knowledge(app.rooms, app.ledger.shows, app.ledger.sources, app.index, app.lore, app.learning, changed)
    past = Past(app.rooms, app.ledger.threads, app.ledger.turns, dialogue, changed)
    editing = Editing(app.rooms, app.ledger.turns, app.lore, footing, app.formats, changed)
    room = RoomSettings(app.rooms, app.ledger.shows, app.formats)
    profile = ProfileDesk(app.ledger.profile)
    every = (talk, pages, editing, canon, knowledge, past, room, profile)
    return {name: handler for one in every for name, handler in one.handlers().items()}


def _rules(settings: Settings) -> Rules:
    return Rules(parallel=settings.turns, tenant=settings.tenant_turns or settings.turns)


def _cutter(ledger: Ledger) -> Callable[[Job], Any]:
    """How a record becomes passages: as it stands in the ledger at the moment it is asked for."""

    async def cut(job: Job) -> list[Passage]:
        match job.record:
            case Record.ENTRY:
                entry = await ledger.indexable.entry(job.id)
                return [cut for version in entry[0] for cut in passages.of_entry(entry[1], version)] if entry else []
            case Record.SOURCE:
                source = await ledger.indexable.source(job.id)
                return passages.of_source(source[2], source[0], source[1]) if source else []
            case Record.TURN:
                turn = await ledger.indexable.turn(job.id)
                if turn is None or not turn[3]:
                    return []
                return passages.of_turn(turn[2], turn[1], turn[0])

    return cut
