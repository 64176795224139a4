"""What will be asked is embedded once, whoever asks for it first and however it ends."""

import asyncio
from collections.abc import Sequence

import pytest

from vectorstore.embedding import Embedded
from vectorstore.errors import EmbedderDown
from vectorstore.foreseen import Foreseen


class Counting:
    """Tells a text's length as its vector, and keeps what it was asked; goes on when ``open`` is set."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.down = False
        self.open = asyncio.Event()
        self.open.set()

    async def read_queries(self, texts: Sequence[str]) -> list[Embedded]:
        self.asked.append(list(texts))
        await self.open.wait()
        if self.down:
            raise EmbedderDown("gone")
        return [Embedded([float(len(text))]) for text in texts]


async def vectors(foreseen: Foreseen, *texts: str) -> list[list[float]]:
    return [one.vector for one in await foreseen.read_queries(texts)]


async def test_what_was_foreseen_is_not_embedded_again() -> None:
    embedder = Counting()
    foreseen = Foreseen(embedder)
    foreseen.expect(["who is it"])
    foreseen.expect(["who is it", "who is Odile"])
    assert await vectors(foreseen, "who is it", "who is Odile", "who is it") == [[9.0], [12.0], [9.0]]
    assert embedder.asked == [["who is it"], ["who is Odile"]]


async def test_what_nobody_foresaw_is_embedded_when_it_is_asked() -> None:
    embedder = Counting()
    assert await vectors(Foreseen(embedder), "who") == [[3.0]]


async def test_each_asking_is_answered_by_the_embedder_of_its_time() -> None:
    embedder = Counting()
    foreseen = Foreseen(embedder)
    for _ in range(2):
        await vectors(foreseen, "who")
    assert embedder.asked == [["who"], ["who"]]


async def test_what_failed_before_anybody_asked_is_tried_again() -> None:
    embedder = Counting()
    foreseen = Foreseen(embedder)
    embedder.down = True
    foreseen.expect(["who"])
    await asyncio.sleep(0.01)
    embedder.down = False
    foreseen.expect(["who"])
    assert await vectors(foreseen, "who") == [[3.0]]
    embedder.down = True
    with pytest.raises(EmbedderDown):
        await foreseen.read_queries(["who"])


async def test_who_gives_up_takes_nothing_from_who_shares_the_batch() -> None:
    embedder = Counting()
    foreseen = Foreseen(embedder)
    embedder.open.clear()
    foreseen.expect(["one", "three"])
    hasty = asyncio.create_task(foreseen.read_queries(["one"]))
    patient = asyncio.create_task(foreseen.read_queries(["three"]))
    await asyncio.sleep(0)
    hasty.cancel()
    await asyncio.sleep(0)
    embedder.open.set()
    assert [one.vector for one in await patient] == [[5.0]]
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_what_nobody_comes_for_is_let_go_but_waited_for() -> None:
    embedder = Counting()
    foreseen = Foreseen(embedder)
    for number in range(50):
        foreseen.expect([str(number)])
    await foreseen.close()
    assert len(embedder.asked) == 50
    assert await vectors(foreseen, "0") == [[1.0]]
    assert len(embedder.asked) == 51


async def test_a_crowd_that_is_foreseen_meanwhile_takes_nothing_from_who_asks() -> None:
    embedder = Counting()
    foreseen = Foreseen(embedder)
    foreseen.expect(["first", "second"])
    for number in range(15):
        foreseen.expect([str(number)])  # of the two, one is let go
    assert await vectors(foreseen, "first", "second") == [[5.0], [6.0]]
