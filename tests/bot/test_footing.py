"""Grounding with the real embedder: paraphrases rest on their passage, and a page never waits for nothing."""

import json
from pathlib import Path
from typing import Any

from bot.footing import Footing
from chains import Cited, Names
from vectorstore.errors import EmbedderDown

WORLD = json.loads((Path(__file__).parents[1] / "chains" / "world.json").read_text(encoding="utf-8"))
PASSAGES = tuple(
    Cited(n, p["id"], p["title"], "canon", p["kind"], p["text"], tuple(p["names"]))
    for n, p in enumerate(WORLD["passages"], 1)
)
NAMES = Names.of((p["title"], tuple(p["names"]), p["kind"], p["id"]) for p in WORLD["passages"])


class Counting:
    """An embedder, and the texts it was given."""

    def __init__(self, embedder: Any) -> None:
        self._embedder = embedder
        self.asked: list[str] = []

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked += texts
        if self._embedder is None:
            raise EmbedderDown("The embedding model is gone.")
        made: list[list[float]] = await self._embedder.aembed_documents(texts)
        return made


async def test_on_the_invented_world_meaning_finds_more_and_is_never_wrong(embedder: Any) -> None:
    footing = Footing(embedder)
    right = wrong = missed = 0
    for sentence in WORLD["sentences"]:
        page = await footing(sentence["text"], PASSAGES, NAMES, ())
        got, gold = {one.passage for one in page.citations}, set(sentence["stands_on"])
        right, wrong, missed = right + len(got & gold), wrong + len(got - gold), missed + len(gold - got)
    assert wrong == 0
    assert right / (right + missed) >= 0.93


async def test_words_that_settle_it_ask_for_no_vectors_and_a_passage_is_embedded_once(embedder: Any) -> None:
    counting = Counting(embedder)
    footing = Footing(counting)
    await footing("Ilse drives the last night tram of Kettle Street. It rained.", PASSAGES, NAMES, ())
    assert counting.asked == []
    doubt = "Bram used to be a boxer before he became a watchman."
    await footing(doubt, PASSAGES, NAMES, ())
    await footing(doubt, PASSAGES, NAMES, ())
    assert len(counting.asked) == len(PASSAGES) + 2


async def test_without_the_embedder_a_page_is_grounded_by_its_words() -> None:
    page = await Footing(Counting(None))("Ilse drives the last night tram of Kettle Street.\nBram used to be a boxer before he became a watchman.", PASSAGES, NAMES, ())  # fmt: skip
    assert [one.passage for one in page.citations] == ["ilse"]
