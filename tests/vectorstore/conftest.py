"""Passages to search among."""

from collections.abc import Callable

import pytest

from vectorstore import Origin, Passage


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
