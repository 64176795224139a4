"""A room with real parts: a ledger in a file, the embedded index, the bundled embedder, the echo writer.

The index and the embedder live once for all tests and are emptied for each; everything else is new.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import event

from bot.app import App, Conversing, assemble, begin_writer, open_conversing
from bot.events import Attach, Cite, Fail, Final, Inbound, Note, Offer, Out, Reply, Sent, Step, Text
from bot.settings import Settings
from memory import Scope, Show, TakeStatus
from memory.ledger import Ledger
from vectorstore.embedding import Embedder
from vectorstore.index import Index

Owed = Callable[[Ledger], Any]
T = TypeVar("T", bound=Out)
HERE = Scope("slack", "T1", "C1", "th1")
_events = count()


@dataclass(slots=True)
class Stage:
    """Keeps what was shown. ``on_text`` is called after each piece of text."""

    on_text: Callable[[str], Any] | None = None
    outs: list[Out] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    async def show(self, out: Out) -> None:
        assert not self.replies, f"{out} was shown after the end"
        self.outs.append(out)
        if isinstance(out, Text) and self.on_text is not None:
            done = self.on_text(self.text)
            if asyncio.iscoroutine(done):
                await done

    async def finish(self, reply: Reply) -> Sent:
        self.replies.append(reply)
        return Sent(("1",), self.text, reply.status == "complete")

    def all(self, kind: type[T]) -> list[T]:
        return [out for out in self.outs if isinstance(out, kind)]

    @property
    def text(self) -> str:
        """What was shown piece by piece."""
        return "".join(out.delta for out in self.all(Text))

    @property
    def page(self) -> str:
        """The page as it ended."""
        final = self.all(Final)
        return final[-1].text if final else self.text

    @property
    def reply(self) -> Reply:
        assert len(self.replies) == 1, "a stage is finished once"
        return self.replies[0]

    @property
    def cites(self) -> list[str]:
        return [cite.title for cite in self.all(Cite)]

    @property
    def notes(self) -> str:
        return "\n".join(note.text for note in self.all(Note))

    @property
    def fails(self) -> list[str]:
        return [fail.say for fail in self.all(Fail)]

    @property
    def offers(self) -> list[Offer]:
        return self.all(Offer)

    @property
    def files(self) -> Mapping[str, str]:
        return {attached.file.name: attached.file.data.decode() for attached in self.all(Attach)}

    @property
    def steps(self) -> list[Step]:
        return self.all(Step)


class Desk:
    """One person at work in one place. Moves along when an answer says so."""

    def __init__(self, talks: Conversing, scope: Scope, owed: Owed, author: str = "eva") -> None:
        self.talks = talks
        self._owed = owed
        self.app: App = talks.app
        self.scope = scope
        self.author = author

    def at(self, scope: Scope) -> "Desk":
        return Desk(self.talks, scope, self._owed, self.author)

    async def say(self, text: str, event_id: str = "", on_text: Callable[[str], Any] | None = None) -> Stage:
        return await self._put(
            Inbound("message", event_id or f"e{next(_events)}", self.scope, self.author, text), on_text
        )

    async def do(self, line: str, on_text: Callable[[str], Any] | None = None) -> Stage:
        """A command as typed, with or without its slash."""
        name, _, rest = line.lstrip("/").partition(" ")
        inbound = Inbound("command", f"e{next(_events)}", self.scope, self.author, rest, name)
        return await self._put(inbound, on_text)

    async def stop(self) -> Stage:
        return await self._put(Inbound("stop", f"e{next(_events)}", self.scope, self.author), None)

    async def _put(self, inbound: Inbound, on_text: Callable[[str], Any] | None) -> Stage:
        stage = Stage(on_text)
        async with asyncio.timeout(60):
            reply = await self.talks.respond(inbound, stage)
        assert stage.replies == [reply], "what is returned is how the stage was finished"
        self.scope = reply.scope or self.scope
        return stage

    async def heard(self) -> list[str]:
        """What people said on the path to the head, from the ledger."""
        talk = await self.app.ledger.threads.conversation(self.scope, 10_000)
        return [turn.text for turn in talk.window]

    async def answers(self) -> list[str]:
        talk = await self.app.ledger.threads.conversation(self.scope, 10_000)
        return [turn.take.text if turn.take else "" for turn in talk.window]

    async def statuses(self) -> list[TakeStatus | None]:
        talk = await self.app.ledger.threads.conversation(self.scope, 10_000)
        return [turn.take.status if turn.take else None for turn in talk.window]

    async def show(self) -> Show:
        return (await self.app.ledger.threads.conversation(self.scope)).show

    async def agrees(self) -> None:
        """The index holds exactly what the ledger says it should, of every show."""
        await self.app.librarian.settle()
        held, owed = await self.app.index.fingerprints(), await self._owed(self.app.ledger)
        assert held == owed, f"missing {owed.keys() - held.keys()}, too much {held.keys() - owed.keys()}"


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with await Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as made:
        yield made


@pytest.fixture
async def stack(ledger: Ledger, index: Index) -> AsyncIterator[AsyncExitStack]:
    """Closes what is built on the ledger and the index before they are closed themselves."""
    async with AsyncExitStack() as made:
        yield made


Build = Callable[..., Any]


@pytest.fixture
def build(stack: AsyncExitStack, ledger: Ledger, index: Index, embedder: Embedder, tmp_path: Path) -> Build:
    """``await build(writer="echo:slow=0.01", window=3)``: a conversation over the test's parts. Parts
    may be given instead: ``index``, ``embedder``; ``through`` is what the writer is seen through."""

    async def make(**given: Any) -> Conversing:
        parts = {name: given.pop(name, part) for name, part in (("index", index), ("embedder", embedder))}
        through = given.pop("through", lambda writer: writer)
        settings = Settings(**{"home": tmp_path, "cache": tmp_path / "cache", "writer": "echo"} | given)
        app = assemble(stack, settings, ledger, **parts)
        return await open_conversing(stack, app, through(begin_writer(stack, settings)))

    return make


@pytest.fixture
def sit(owed: Owed) -> Callable[..., Any]:
    """``await sit(talks, scope, show)``: a person in a room bound to a show of that name."""

    async def seated(talks: Conversing, scope: Scope = HERE, show: str = "The Salt Road") -> Desk:
        made = await talks.app.ledger.shows.ensure(scope.tenant, show)
        await talks.app.ledger.shows.bind(scope, made.id)
        return Desk(talks, scope, owed)

    return seated


@pytest.fixture
async def desk(build: Build, sit: Callable[..., Any]) -> Desk:
    """A person in a room that works on a show without canon."""
    made: Desk = await sit(await build())
    return made


@pytest.fixture
def statements() -> Callable[[Ledger], AbstractContextManager[list[str]]]:
    """Lists the statements that a ledger runs within the block."""

    @contextmanager
    def listening(ledger: Ledger) -> Iterator[list[str]]:
        heard: list[str] = []

        def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            heard.append(statement)

        engine = ledger._database.engine
        event.listen(engine, "before_cursor_execute", hear)
        try:
            yield heard
        finally:
            event.remove(engine, "before_cursor_execute", hear)

    return listening


@pytest.fixture
def scopes() -> Callable[[int], Sequence[Scope]]:
    """Places in one room."""
    return lambda many: [Scope("slack", "T1", "C1", f"th{n}") for n in range(many)]
