"""Rebuilding the index throws nothing away before it is known, and written down, that all of it can be made again."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from bot.config import Config
from bot.settings import Settings
from bot.shows import TENANT
from bot.tasks import reindex
from memory import Draft, LedgerUnavailable
from tests.loopback.qdrant.server import loopback_qdrant
from vectorstore import StoreLocked

AWAY = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture(params=["edge", "server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Of a home whose index holds one passage."""
    home = tmp_path / "home"
    if request.param == "edge":
        yield Settings(home=home, cache=tmp_path / "cache", writer="echo")
    else:
        with loopback_qdrant() as server:
            yield Settings(home=home, cache=tmp_path / "cache", writer="echo", index=server.url)


@pytest.fixture
async def held(settings: Settings) -> Callable[[], Any]:
    """How many passages are in the index, and how many jobs wait for the librarian."""
    async with AsyncExitStack() as stack:
        app = await open_app(stack, settings)
        show = await app.ledger.shows.ensure(TENANT, "Herring")
        await app.ledger.canon.add(TENANT, show.id, Draft("character", "Mara", "Mara keeps the light."), "ana")
        await app.librarian.settle()

    async def look() -> tuple[int, int]:
        async with AsyncExitStack() as stack:
            app = await open_app(stack, settings)
            return await app.index.count(), await app.ledger.outbox.count()

    return look


async def test_with_a_ledger_that_cannot_be_opened_nothing_is_thrown_away(
    settings: Settings, held: Callable[[], Any]
) -> None:
    with pytest.raises(LedgerUnavailable):
        async with AsyncExitStack() as stack:
            await reindex(stack, Config(settings.model_copy(update={"ledger": AWAY}), {}))
    assert await held() == (1, 0)


async def test_what_is_thrown_away_is_owed_before_so_that_the_next_start_makes_it_again(
    settings: Settings, held: Callable[[], Any]
) -> None:
    async with AsyncExitStack() as stack:
        await open_app(stack, settings, anew=True)  # it ends here, as if it had been killed
    assert await held() == (0, 1)
    async with AsyncExitStack() as stack:
        await (await open_app(stack, settings)).librarian.settle()
    assert await held() == (1, 0)


async def test_while_another_program_has_the_home_nothing_is_owed_and_nothing_thrown_away(
    settings: Settings, held: Callable[[], Any]
) -> None:
    async with AsyncExitStack() as running:
        app = await open_app(running, settings)
        with pytest.raises(StoreLocked):
            async with AsyncExitStack() as stack:
                await reindex(stack, Config(settings, {}))
        assert (await app.index.count(), await app.ledger.outbox.count()) == (1, 0)
