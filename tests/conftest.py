"""What the tests share: the real embedder and one real index, once for all and emptied for each; what a
ledger owes the index."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import text

from bot import passages
from memory import Scope, Status, TakeStatus
from memory.ledger import Ledger
from vectorstore import Passage
from vectorstore.embedding import Embedder
from vectorstore.index import Index
from vectorstore.store import fingerprint


@pytest.fixture(scope="session")
def embedder() -> Iterator[Embedder]:
    made = Embedder()
    yield made
    asyncio.run(made.close())


@pytest.fixture(scope="session")
def opened(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    made = asyncio.run(Index.open(tmp_path_factory.mktemp("index"), embedder))
    yield made
    asyncio.run(made.close())


@pytest.fixture
async def index(opened: Index) -> Index:
    """The one real index, empty."""
    await opened.clear()
    return opened


async def owed_by(ledger: Ledger) -> dict[str, str]:
    """Point id to fingerprint of all the ledger says can be found: read through what people read
    through, and not through the librarian's own reads."""
    async with ledger._database.reading() as tx:
        tenants = [row[0] for row in await tx.execute(text("SELECT DISTINCT tenant FROM shows"))]
        places = [Scope(*row) for row in await tx.execute(text("SELECT platform, tenant, room, key FROM threads"))]
    cut: list[Passage] = []
    for tenant in tenants:
        for show in await ledger.shows.all(tenant):
            for entry in await ledger.canon.listing(tenant, show.id, statuses=tuple(Status)):
                cut += passages.of_entry(show, entry)
            for source in await ledger.sources.listing(tenant, show.id):
                cut += passages.of_source(show, source, await ledger.sources.pieces(tenant, show.id, source.id))
    for place in places:
        talk = await ledger.threads.conversation(place, 10_000)
        for turn in talk.window:
            if turn.take is None or turn.take.status is not TakeStatus.WRITING:
                cut += passages.of_turn(talk.show, talk.thread, turn)
    return {one.id: fingerprint(one) for one in cut}


@pytest.fixture
def owed() -> Callable[[Ledger], Awaitable[dict[str, str]]]:
    """``await owed(ledger)``: point id to fingerprint of all that can be found of it."""
    return owed_by
