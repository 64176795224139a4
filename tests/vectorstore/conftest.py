"""Passages to search among, and both places where they may be kept: an index in a folder, one in a server."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.loopback.qdrant.server import loopback_qdrant
from vectorstore import Address, Origin, Passage
from vectorstore.embedding import Embedder
from vectorstore.index import Index


@pytest.fixture(scope="session")
def served(embedder: Embedder) -> Iterator[Index]:
    """An index in a server."""
    with loopback_qdrant(key="the key") as server:
        made = asyncio.run(Index.at(Address(server.url, "the key"), embedder))
        yield made
        asyncio.run(made.close())


@pytest.fixture(params=["opened", "served"], ids=["edge", "server"])
def kept(request: pytest.FixtureRequest) -> Index:
    made: Index = request.getfixturevalue(request.param)
    return made


@pytest.fixture
async def index(kept: Index) -> Index:
    """An index, empty: what is promised of one is promised of the other."""
    await kept.clear()
    return kept


@pytest.fixture(scope="session")
def canon() -> Callable[..., Passage]:
    def make(name: str, text: str, **more: object) -> Passage:
        said = {
            "tenant": "t",
            "show": "s",
            "origin": Origin.CANON,
            "kind": "character",
            "record": f"canon:{name}",
            "order": 0,
            "title": name,
            "names": (name,),
            "status": "accepted",
            **more,
        }
        return Passage(text=text, **said)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def source() -> Callable[..., Passage]:
    def make(record: str, order: int, text: str, **more: object) -> Passage:
        said = {"tenant": "t", "show": "s", "kind": "markdown", "title": record, "status": "learned", **more}
        return Passage(origin=Origin.SOURCE, record=record, order=order, text=text, **said)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def turn() -> Callable[..., Passage]:
    def make(depth: int, text: str, **more: object) -> Passage:
        said = {"tenant": "t", "show": "s", "thread": "th", "branch": "main", "record": f"turn:{depth}", **more}
        return Passage(
            origin=Origin.TURN, kind="turn", order=0, text=text, title="", status="said", depth=depth, **said
        )  # type: ignore[arg-type]

    return make
