"""The real embedder, once for all tests, and one real index, emptied for each."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from vectorstore import Origin, Passage
from vectorstore.embedding import Embedder
from vectorstore.index import Index


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
