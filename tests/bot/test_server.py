"""The program with its index in a Qdrant server: talks, outages, two programs on one index."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import begin_writer, open_app, open_conversing
from bot.config import Config
from bot.doctor import examine
from bot.settings import Settings
from bot.tasks import reindex
from memory import Draft, Scope
from tests.loopback.qdrant.server import LoopbackQdrant, loopback_qdrant
from vectorstore import IndexFault, StoreLocked

Sit = Callable[..., Any]
KEY = "The winch key hangs behind the stove in the net loft."
ROPE = "The red rope is coiled under the ferry's bench."


@pytest.fixture
def qdrant() -> Iterator[LoopbackQdrant]:
    with loopback_qdrant(key="the key") as server:
        yield server


@pytest.fixture
def settings(qdrant: LoopbackQdrant, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        cache=tmp_path / "cache",
        ledger=f"sqlite:///{tmp_path / 'ledger.db'}",
        writer="echo",
        index=qdrant.url,
        index_api_key="the key",  # type: ignore[arg-type]
    )


@pytest.fixture
def started(sit: Sit) -> Callable[..., Any]:
    """``async with started(settings) as desk``: a program, and a person in its room."""

    @asynccontextmanager
    async def start(settings: Settings, thread: str = "th1") -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            app = await open_app(stack, settings)
            talks = await open_conversing(stack, app, begin_writer(stack, settings))
            yield await sit(talks, Scope("slack", "T1", "C1", thread))

    return start


async def keep(desk: Any, name: str, text: str) -> None:
    talk = await desk.app.rooms.enter(desk.scope)
    await desk.app.ledger.canon.add(talk.show.tenant, talk.show.id, Draft("thing", name, text), "eva")
    desk.app.librarian.ring()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_an_answer_stands_on_canon_that_lies_in_the_server(
    settings: Settings, qdrant: LoopbackQdrant, started: Callable[..., Any]
) -> None:
    async with started(settings) as desk:
        await keep(desk, "Winch Key", KEY)
        await desk.app.librarian.settle()
        stage = await desk.say("Where does the winch key hang?")
        assert "behind the stove" in stage.page
        assert stage.cites == ["Winch Key"]
        await desk.agrees()
        assert len(qdrant.ids()) == await desk.app.index.count() > 1
        assert not (settings.home / "index" / "store").exists()


async def test_while_the_server_is_down_people_are_answered_and_told_and_nothing_is_lost(
    settings: Settings, qdrant: LoopbackQdrant, started: Callable[..., Any]
) -> None:
    async with started(settings) as desk:
        await keep(desk, "Winch Key", KEY)
        await desk.say("Where does the winch key hang?")
        await desk.app.librarian.settle()
        qdrant.stop()
        await keep(desk, "Red Rope", ROPE)
        stage = await desk.say("Where is the red rope?")
        assert stage.reply.status == "complete"
        assert f"The index's server {qdrant.url} cannot be reached" in stage.notes
        assert await desk.app.ledger.outbox.count()
        qdrant.start()

        async def caught_up() -> bool:
            return not await desk.app.ledger.outbox.count()

        await until(caught_up)
        await desk.agrees()
        stage = await desk.say("Where is the red rope?")
        assert "under the ferry's bench" in stage.page
        assert "cannot be reached" not in stage.notes


async def test_a_program_starts_while_the_server_is_down_and_catches_up(
    settings: Settings, qdrant: LoopbackQdrant, started: Callable[..., Any]
) -> None:
    qdrant.stop()
    async with started(settings) as desk:
        await keep(desk, "Winch Key", KEY)
        stage = await desk.say("Hello")
        assert stage.reply.status == "complete"
        report = await _doctor(settings.model_copy(update={"home": settings.home.with_name("elsewhere")}))
        assert f"✗ index {qdrant.url}, 2 records to come: The index's server {qdrant.url} cannot be reached" in report
        qdrant.start()

        async def caught_up() -> bool:
            return not await desk.app.ledger.outbox.count()

        await until(caught_up)
        assert "behind the stove" in (await desk.say("Where does the winch key hang?")).page
        await desk.agrees()


async def test_what_one_program_keeps_the_others_answers_stand_on(
    settings: Settings, tmp_path: Path, started: Callable[..., Any]
) -> None:
    second = settings.model_copy(update={"home": tmp_path / "second"})
    async with started(settings) as one, started(second, "th2") as other:
        await keep(one, "Winch Key", KEY)
        await one.app.librarian.settle()
        assert "behind the stove" in (await other.say("Where does the winch key hang?")).page
        talk = await one.app.rooms.enter(one.scope)
        (entry,) = await one.app.ledger.canon.listing(talk.show.tenant, talk.show.id)
        await one.app.ledger.canon.edit(talk.show.tenant, talk.show.id, entry.id, "eva", text="The winch key is lost.")
        one.app.librarian.ring()
        await one.app.librarian.settle()
        stage = await other.say("Where does the winch key hang?")
        assert "is lost" in stage.page
        assert "behind the stove" not in stage.page
        await asyncio.gather(*(desk.say(f"The tide is at {n}.") for n in range(3) for desk in (one, other)))
        await one.agrees()
        await other.agrees()


async def test_a_home_is_one_programs_also_where_the_index_is_everybodys(
    settings: Settings, started: Callable[..., Any]
) -> None:
    async with started(settings):
        with pytest.raises(StoreLocked, match=rf"The folder {settings.home} is in use by dramaturg \(process \d+\)"):
            async with started(settings):
                pass
    async with started(settings):
        pass


async def test_rebuilding_brings_back_what_the_server_lost(
    settings: Settings, qdrant: LoopbackQdrant, started: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    async with started(settings) as desk:
        await keep(desk, "Winch Key", KEY)
        await desk.app.librarian.settle()
    there = qdrant.ids()
    qdrant.forget_collections()
    async with AsyncExitStack() as stack:
        assert await reindex(stack, Config(settings, {})) == 0
    assert "The index is rebuilt: 1 records, 1 passages." in capsys.readouterr().out
    assert qdrant.ids() == there


async def test_the_doctor_names_the_server_its_version_and_the_collection(
    settings: Settings, qdrant: LoopbackQdrant
) -> None:
    report = await _doctor(settings)
    assert f"✓ index {qdrant.url} (Qdrant 1.19.0, collection dramaturg): 0 passages" in report
    assert "the key" not in report
    wrong = settings.model_copy(update={"index_collection": "films"})
    qdrant.key = "another"
    assert "refuses the key; mend index_api_key" in await _doctor(wrong)


async def test_a_refused_key_stops_the_start_with_a_sentence(
    settings: Settings, qdrant: LoopbackQdrant, started: Callable[..., Any]
) -> None:
    qdrant.key = "another"
    with pytest.raises(IndexFault, match="refuses the key"):
        async with started(settings):
            pass


async def _doctor(settings: Settings) -> str:
    return (await examine(Config(settings, {}))).text
