"""Word pieces: packed small, near to what they mean, and gone with the passage they were made of."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from vectorstore import Origin, Passage, Query, Sight
from vectorstore.embedding import Embedder
from vectorstore.find import Survey
from vectorstore.fusion import weights
from vectorstore.index import Index
from vectorstore.pieces import WIDTH, nearest, pack
from vectorstore.sight import visible
from vectorstore.store import Asked

Make = Callable[..., Passage]
SIGHT = Sight("t", "s", "th", {"main": 99})


def pieces(count: int, seed: int) -> NDArray[np.float32]:
    made = np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def test_four_bits_a_number_keep_the_cosines() -> None:
    passages = [pieces(count, count) for count in (1, 40, 254)]
    asked = pieces(9, 7)
    exact = np.stack([(one @ asked.T).max(axis=0) for one in passages])
    kept = [pack(one) for one in passages]
    assert [len(one) for one in kept] == [34 * len(one) for one in passages]
    assert np.abs(nearest(kept, asked) - exact).max() < 0.04


def test_what_is_kept_of_a_piece_is_where_it_points_and_not_how_long_it_is() -> None:
    some = pieces(5, 1)
    assert pack(some) == pack(8 * some)
    assert np.abs(nearest([pack(some)], some) - 1).max() < 0.01


def test_a_passage_without_pieces_is_near_to_nothing_and_no_question_asks_for_none() -> None:
    packed = [pack(pieces(3, 1)), b"", pack(pieces(3, 2)), b""]
    found = nearest(packed, pieces(2, 3))
    assert not found[[1, 3]].any()
    assert found[[0, 2]].all()
    assert nearest(packed, pieces(0, 3)).shape == (4, 0)
    assert nearest([], pieces(2, 3)).shape == (0, 2)
    assert pack(np.zeros((2, WIDTH), np.float32)) == pack(np.zeros((2, WIDTH), np.float32))


async def test_a_question_is_read_as_it_was_asked_and_as_it_would_be_told(embedder: Embedder) -> None:
    read = await embedder.read_queries(["Where did Mara light the lantern?", "Mara light the lantern."])
    asked, told = (np.frombuffer(one.pieces, np.float32).reshape(-1, WIDTH) for one in read)
    assert np.array_equal(asked[-len(told) :], told / 2)
    assert len(asked) > len(told) + 4
    assert [round(float(np.linalg.norm(one, axis=1).sum()), 4) for one in (asked, told)] == [1, 1]


async def test_a_word_is_near_to_one_of_like_meaning_and_punctuation_is_not_asked_for(embedder: Embedder) -> None:
    told = await embedder.read_passages(["Mara lit the green lantern.", "Tom ate bread and soup.", ""])
    asked, bare = (np.frombuffer(one.pieces, np.float32) for one in await embedder.read_queries(["Who lit it?", "?!"]))
    assert bare.size == 0
    assert told[2].pieces == b""
    near = nearest([one.pieces for one in told], asked.reshape(-1, WIDTH)).sum(axis=1)
    assert near[0] > near[1] + 0.1
    assert near[2] == 0


async def test_what_the_model_cannot_read_is_asked_by_words_alone(embedder: Embedder) -> None:
    unread = ["谁戴着金锁？", "Кто зажёг фонарь?", "ランタンは誰が?", "🙂🙂"]
    assert not any(one.pieces for one in await embedder.read_queries(unread))
    read = ["Who lit it?", "Qui a allumé la lanterne à l'été 1889 ?", "Who is 林黛玉 in the story of the stone?"]
    assert all(one.pieces for one in await embedder.read_queries(read))


async def test_a_question_counts_for_one_however_long_it_is(embedder: Embedder) -> None:
    for text in ("Who?", "Who lit the lantern on the pier the night before the flood came?"):
        asked = np.frombuffer((await embedder.read_queries([text]))[0].pieces, np.float32).reshape(-1, WIDTH)
        assert np.linalg.norm(asked, axis=1).sum() == pytest.approx(1, abs=0.01)


async def test_vectors_and_pieces_are_the_same_bits_alone_and_in_whatever_batch(embedder: Embedder) -> None:
    texts = ["Tom mends nets.", "The lighthouse keeper's daughter counted the boats. " * 9, "A bell.", "a storm " * 50]
    together = await embedder.read_passages(texts)
    assert together == [(await embedder.read_passages([text]))[0] for text in texts]


async def kept(index: Index) -> dict[str, bytes]:
    """The pieces of every passage by its text."""
    query = Query(SIGHT, "anything")
    where = visible(query)
    assert where is not None
    found: Survey = await index._store.survey(where, Asked(("lantern",), (), (), 100))  # type: ignore[attr-defined]
    return {one.passage.text: one.pieces for one in found.scene.stored}


async def test_an_edited_passage_takes_its_pieces_along_and_a_forgotten_one_leaves_none(
    index: Index, source: Make, turn: Make
) -> None:
    await index.put([source("a", 0, "The green lantern."), turn(1, "Bring the lantern.")])
    before = await kept(index)
    assert all(before.values())
    await index.replace("a", [source("a", 0, "A lantern of brass and glass.")])
    edited = await kept(index)
    assert edited["A lantern of brass and glass."] not in before.values()
    assert edited["Bring the lantern."] == before["Bring the lantern."]
    await index.drop("turn:1")
    assert set(await kept(index)) == {"A lantern of brass and glass."}


async def test_learning_the_same_again_keeps_the_same_pieces(index: Index, source: Make) -> None:
    passage = source("a", 0, "The green lantern.")
    await index.put([passage])
    first = await kept(index)
    await index.clear()
    await index.put([replace(passage)])
    assert await kept(index) == first


async def test_a_receipt_shows_what_pieces_were_worth(index: Index, source: Make) -> None:
    await index.put([source("a", 0, "Mara lit the lantern at dusk."), source("b", 0, "Tom ate bread and soup.")])
    found = await index.search(Query(SIGHT, "who kindled the lamp", origins=(Origin.SOURCE,)))
    assert found.hits[0].passage.record == "a"
    assert found.hits[0].signals["pieces"] > 0


async def test_an_embedder_without_pieces_is_ranked_by_weights_that_know_of_none(
    source: Make, tmp_path: object
) -> None:
    from vectorstore.minilm import bundled_folder  # noqa: PLC0415 - loads OpenVINO, for this test only

    hub = Embedder(f"hf:{bundled_folder()}")
    index = await Index.open(tmp_path, hub)  # type: ignore[arg-type]
    await index.put([source("a", 0, "Mara lit the lantern at dusk."), source("b", 0, "Tom ate bread and soup.")])
    found = await index.search(Query(SIGHT, "who kindled the lamp", origins=(Origin.SOURCE,)))
    assert found.trouble == ""
    assert found.hits[0].passage.record == "a"
    assert not {name for name in found.hits[0].signals if name.startswith("pieces")}
    await index.close()
    await hub.close()


def test_weights_without_pieces_give_none_a_weight() -> None:
    plain, pieced = weights(pieces=False), weights(pieces=True)
    for kind in ("turns", "texts"):
        assert not {name for name in plain[kind] if name.startswith("pieces")}
        assert pieced[kind]["pieces"] > 0
