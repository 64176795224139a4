"""An index in a Qdrant server: shared by programs, checked when it is opened, and honest when it cannot be had."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from qdrant_client import models

from tests.loopback.qdrant.server import LoopbackQdrant, loopback_qdrant
from vectorstore import Address, IndexFault, Origin, Passage, Query, Sight, StoreDamaged
from vectorstore.embedding import Embedded, Embedder
from vectorstore.errors import EmbedderDown, StoreAway, StoreGone
from vectorstore.find import POOL
from vectorstore.index import Index
from vectorstore.remote import Remote
from vectorstore.server import ServerStore
from vectorstore.sight import visible
from vectorstore.store import Asked, Entered, fingerprint

Make = Callable[..., Passage]
SIGHT = Sight("t", "s")
DIMENSION = 4


class Told:
    """An embedder whose vectors are known beforehand."""

    def __init__(self, name: str = "told", dimension: int = DIMENSION) -> None:
        self.name = name
        self._dimension = dimension

    async def dimension(self) -> int:
        return self._dimension

    async def read_passages(self, texts: object) -> list[Embedded]:
        return [Embedded(self._vector(text)) for text in texts]  # type: ignore[attr-defined]

    read_queries = read_passages

    def _vector(self, text: str) -> list[float]:
        chance = random.Random(text)
        numbers = [chance.gauss(0, 1) for _ in range(self._dimension)]
        length = sum(number * number for number in numbers) ** 0.5
        return [number / length for number in numbers]


class Unloaded(Told):
    """An embedder whose model cannot be loaded."""

    async def dimension(self) -> int:
        raise EmbedderDown("The model cannot be had.")


@pytest.fixture
def qdrant() -> Iterator[LoopbackQdrant]:
    with loopback_qdrant() as server:
        yield server


@asynccontextmanager
async def opened(
    server: LoopbackQdrant, embedder: Told | None = None, anew: bool = False, **more: object
) -> AsyncIterator[Index]:
    made = await Index.at(Address(server.url, **more), embedder or Told(), anew)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


async def titles(index: Index, text: str, **more: object) -> list[str]:
    found = await index.search(Query(SIGHT, text, limit=20, **more))  # type: ignore[arg-type]
    assert found.trouble == ""
    return [hit.passage.title for hit in found.hits]


# ---- the same as the embedded engine ----


async def test_both_engines_find_the_same_with_the_same_scores(
    opened_edge: Index, embedder: Embedder, canon: Make, source: Make, turn: Make
) -> None:
    """Of no origin more than are weighed: which of two that are nearly equal comes in last is each engine's own."""
    chance = random.Random(3)
    words = [f"w{chance.choice('abcdefgh')}{number % 17}" for number in range(90)]

    def text(length: int) -> str:
        return " ".join(chance.choice(words) for _ in range(length))

    passages = [
        *(canon(f"Name {word}", text(20), record=f"c{word}") for word in sorted(set(words))[:30]),
        *(source(f"doc{n // 8}", n % 8, text(30)) for n in range(POOL)),
        *(turn(n + 1, text(15), version=1) for n in range(60)),
        *(source(f"other{n}", 0, text(30), tenant="else") for n in range(40)),
    ]
    with loopback_qdrant() as server:
        async with opened(server, embedder) as index:  # type: ignore[arg-type]
            for each in (opened_edge, index):
                await each.put(passages)
            for number in range(40):
                sight = Sight("t", "s", "th", {"main": 40}) if number % 2 else SIGHT
                query = Query(sight, text(6), also=(text(3),) if number % 3 else (), limit=12)
                here, there = await opened_edge.search(query), await index.search(query)
                assert here.hits
                assert [hit.passage for hit in here.hits] == [hit.passage for hit in there.hits]
                assert [hit.score for hit in here.hits] == pytest.approx([hit.score for hit in there.hits], abs=1e-3)


@pytest.fixture
async def opened_edge(opened: Index) -> Index:
    await opened.clear()
    return opened


# ---- shared ----


async def test_what_one_program_writes_another_finds_and_what_it_drops_nobody_does(
    qdrant: LoopbackQdrant, canon: Make
) -> None:
    mara, tom = canon("Mara", "Mara fears the water."), canon("Tom", "Tom mends nets by the water.")
    async with opened(qdrant) as one, opened(qdrant) as other:
        await one.put([mara, tom])
        assert sorted(await titles(other, "who is near the water")) == ["Mara", "Tom"]
        await one.drop(mara.record)
        assert await titles(other, "Mara fears the water") == ["Tom"]
        await one.replace(tom.record, [canon("Tom", "Tom mends sails.", version=2)])
        found = await other.search(Query(SIGHT, "Tom"))
        assert [hit.text for hit in found.hits] == ["Tom mends sails."]


async def test_a_point_read_lately_is_not_shown_as_it_was(qdrant: LoopbackQdrant, canon: Make) -> None:
    """The same id: only its fingerprint says that it is another."""
    async with opened(qdrant) as one, opened(qdrant) as other:
        await one.put([canon("Mara", "Mara fears the water.")])
        assert await titles(other, "water") == ["Mara"]
        await one.put([canon("Mara", "Mara loves the water.")])
        found = await other.search(Query(SIGHT, "water"))
        assert [hit.text for hit in found.hits] == ["Mara loves the water."]
        await one.put([canon("Mara", "Mara loves the water.", status="retired")])
        assert await titles(other, "water") == []


async def test_a_word_that_another_program_brought_is_found_at_once(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant) as one, opened(qdrant) as other:
        await one.put([canon(f"N{number}", f"the lamp of number {number}") for number in range(90)])
        assert "Zorblax" not in await titles(other, "zorblax", names=())
        await one.put([canon("Hidden", "a zorblax in the cellar")])
        assert (await titles(other, "a zorblax"))[0] == "Hidden"


async def test_two_programs_may_make_the_collection_at_once(qdrant: LoopbackQdrant) -> None:
    addresses = [Address(qdrant.url)] * 4
    stores = await asyncio.gather(*(ServerStore.open(one, "told", Told().dimension) for one in addresses))
    for store in stores:
        assert await store.fingerprints("", None) == {}
        await store.close()
    assert [one.path for one in qdrant.asked if one.method == "DELETE"] == []


async def test_a_program_that_made_it_a_moment_too_late_uses_what_the_other_made(
    qdrant: LoopbackQdrant, canon: Make
) -> None:
    async with opened(qdrant) as one:
        await one.put([canon("Mara", "Mara fears the water.")])
        qdrant.faults.blind = 3  # it saw none, and in a cluster its node may not have heard of it for a while
        async with opened(qdrant) as other:
            assert await titles(other, "water") == ["Mara"]
    assert len([call for call in qdrant.asked if call.method == "PUT" and call.path == "/collections/dramaturg"]) == 2


async def test_what_is_withdrawn_in_mid_search_is_not_shown(qdrant: LoopbackQdrant, canon: Make) -> None:
    """Between finding and reading there is time for another program's change."""
    where = visible(Query(SIGHT, "water", origins=(Origin.CANON,)))
    assert where is not None
    remote = Remote(Address(qdrant.url), "told")
    remote.open(DIMENSION)
    mara, tom = canon("Mara", "Mara fears the water."), canon("Tom", "Tom drinks water.")
    remote.put([Entered(one, [1.0, 0.0, 0.0, 0.0]) for one in (mara, tom)])
    asked = Asked(("water",), (), (), 10)
    for read_lately in (False, True):
        if read_lately:
            assert len(remote.reader(where, asked).take(where, [mara.id, tom.id], ())) == 2
        reader = remote.reader(where, asked)
        (arm,) = reader.arms(where, asked)
        assert set(arm.scores) == {mara.id, tom.id}
        remote.put([Entered(replace(mara, status="retired"), [1.0, 0.0, 0.0, 0.0])])
        assert [one.id for one in reader.take(where, [mara.id, tom.id], ())] == [tom.id]
        remote.put([Entered(mara, [1.0, 0.0, 0.0, 0.0])])
    remote.close()


async def test_a_search_does_not_wait_for_a_change(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
        await titles(index, "water")
        qdrant.held.clear()
        writing = asyncio.create_task(index.put([canon("Tom", "Tom mends nets.")]))
        await asyncio.to_thread(qdrant.holding.wait, 10)
        assert await titles(index, "water") == ["Mara"]
        assert not writing.done()
        qdrant.held.set()
        assert await writing == 1


# ---- what is asked of the server ----


async def test_the_collection_is_made_for_many_tenants_and_says_whose_it_is(qdrant: LoopbackQdrant) -> None:
    async with opened(qdrant, collection="room"):
        info = qdrant.store.get_collection("room")
    assert info.config.metadata == {"dramaturg": {"layout": 6, "embedder": "told", "dimension": DIMENSION}}
    made = qdrant.made["room"]
    assert (
        made["vectors"]["dense"]["hnsw_config"] | {"m": 0, "payload_m": 16} == made["vectors"]["dense"]["hnsw_config"]
    )
    assert made["sparse_vectors"]["bm25"]["modifier"] == "idf"
    indexed = {one.body["field_name"]: one.body["field_schema"] for one in qdrant.asked if one.path.endswith("/index")}
    assert indexed["tenant"]["is_tenant"] is True
    assert {"show", "origin", "status", "record", "thread", "branch", "keys", "depth"} < indexed.keys()


async def test_changes_are_waited_for_and_no_request_is_too_large(qdrant: LoopbackQdrant, source: Make) -> None:
    async with opened(qdrant) as index:
        await index.put([source("doc", number, "word " * 200_000) for number in range(20)])
        await index.drop("doc")
    changes = [one for one in qdrant.asked if one.path.endswith(("/points", "/points/delete"))]
    assert len(changes) > 2
    assert all(one.query["wait"] == ["true"] for one in changes)
    assert max(one.size for one in changes) < 16 << 20


async def test_a_large_index_is_told_page_by_page(qdrant: LoopbackQdrant, source: Make) -> None:
    passages = [source(f"doc{number}", 0, f"line {number}") for number in range(1_100)]
    async with opened(qdrant) as index:
        await index.put(passages)
        assert dict(await index.fingerprints()) == {one.id: fingerprint(one) for one in passages}


@pytest.mark.parametrize(("size", "at_most"), [(20, 2), (100, 3)])
async def test_a_search_asks_the_server_at_most_three_times_one_after_the_other(
    qdrant: LoopbackQdrant, canon: Make, source: Make, turn: Make, size: int, at_most: int
) -> None:
    """What is found; what each arm makes of what the others found, unless it has found all; the passages with what
    stands beside them. How many there are is asked beside the first, and not again for a while."""
    chance = random.Random(5)

    def text() -> str:
        return " ".join(f"w{chance.randrange(size)}" for _ in range(60))

    sight = Sight("t", "s", "th", {"main": size})
    async with opened(qdrant) as index:
        await index.put(canon(f"Name {number}", text()) for number in range(size))
        await index.put(source(f"doc{number // 8}", number % 8, text()) for number in range(size))
        await index.put(turn(number + 1, text()) for number in range(size))
        counted = 0
        for number in range(6):
            qdrant.asked.clear()
            question = Query(sight, f"What does Name {number} say of w{number}?", also=(f"w{number} w7",))
            assert (await index.search(question)).hits
            paths = [one.path.removeprefix("/collections/dramaturg/points/") for one in qdrant.asked]
            counted += paths.count("count")
            assert len(paths) - paths.count("count") <= at_most
            searches = [each for one in qdrant.asked for each in (one.body or {}).get("searches", ())]
            # Several shards give fewer than were asked for, where that is many and need not be exact.
            assert all(one["limit"] < 128 or one["params"]["exact"] for one in searches)
        assert counted == 1


async def test_a_question_of_many_words_is_asked_in_parts(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
        assert await titles(index, " ".join(f"word{number}" for number in range(200)) + " water") == ["Mara"]
    sizes = [len(one.body["searches"]) for one in qdrant.asked if one.path.endswith("/query/batch")]
    assert max(sizes) <= 64 < sum(sizes)


# ---- whose collection ----


async def test_another_embedder_is_told_to_reindex_which_makes_the_collection_anew(
    qdrant: LoopbackQdrant, canon: Make
) -> None:
    async with opened(qdrant) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
    with pytest.raises(
        StoreDamaged, match=r"made with the embedder 'told' and 'larger' is set now; .* dramaturg reindex"
    ):
        await Index.at(Address(qdrant.url), Told("larger", 8))
    async with opened(qdrant, Told("larger", 8), anew=True) as index:
        assert await index.count() == 0
        await index.put([canon("Mara", "Mara fears the water.")])
        assert await titles(index, "water") == ["Mara"]


async def test_no_model_is_loaded_to_open_a_collection_that_is_there(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant, Told("hf:a/model")) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
    model = Embedder("hf:a/model")
    async with opened(qdrant, model) as index:  # type: ignore[arg-type]
        assert await index.count() == 1
    assert model.pid is None
    with pytest.raises(StoreDamaged, match=r"made with the embedder 'hf:a/model' and 'hf:b' is set now; .* reindex"):
        await Index.at(Address(qdrant.url), Unloaded("hf:b"))


async def test_what_a_collection_must_be_made_for_is_asked_of_the_model(qdrant: LoopbackQdrant, canon: Make) -> None:
    with pytest.raises(EmbedderDown, match=r"^The model cannot be had\.$"):
        await Index.at(Address(qdrant.url), Unloaded())
    qdrant.stop()
    async with opened(qdrant, Unloaded()) as index:
        assert "cannot be reached" in (await index.search(Query(SIGHT, "water"))).trouble
        qdrant.start()
        with pytest.raises(EmbedderDown):
            await index.put([canon("Mara", "Mara fears the water.")])
    assert not qdrant.store.collection_exists("dramaturg")


async def test_a_model_that_gives_other_vectors_under_the_same_name_is_told_to_reindex(
    qdrant: LoopbackQdrant, canon: Make
) -> None:
    async with opened(qdrant) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
    async with opened(qdrant, Told(dimension=8)) as index:
        told = "The embedder gives 8 numbers and the index holds 4; run dramaturg reindex."
        assert (await index.search(Query(SIGHT, "water"))).trouble == told
        with pytest.raises(StoreDamaged, match="gives 8 numbers and the index holds 4"):
            await index.put([canon("Tom", "Tom mends nets.")])


async def test_rebuilding_touches_no_other_collection_and_keeps_how_ours_is_spread(qdrant: LoopbackQdrant) -> None:
    vectors = {"dense": models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)}
    words = {"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)}
    qdrant.store.create_collection("dramaturg", vectors, words)
    qdrant.made["dramaturg"] = {"shard_number": 6, "replication_factor": 2}
    qdrant.store.create_collection("films", models.VectorParams(size=3, distance=models.Distance.DOT))
    qdrant.store.upsert("films", [models.PointStruct(id=1, vector=[1.0, 0.0, 0.0])])
    async with opened(qdrant):
        pass
    async with opened(qdrant, Told("larger", 8), anew=True):
        made = qdrant.made["dramaturg"]
        assert (made["shard_number"], made["replication_factor"]) == (6, 2)
    assert qdrant.ids("films") == {"1"}
    assert {one.path.split("/")[2] for one in qdrant.asked if one.path != "/"} == {"dramaturg"}


@pytest.mark.parametrize("anew", [False, True])
async def test_a_collection_of_somebody_elses_is_left_alone(qdrant: LoopbackQdrant, anew: bool) -> None:
    qdrant.store.create_collection("dramaturg", models.VectorParams(size=3, distance=models.Distance.DOT))
    qdrant.store.upsert("dramaturg", [models.PointStruct(id=1, vector=[1.0, 0.0, 0.0])])
    with pytest.raises(IndexFault, match="is not Dramaturg's; set index_collection to a name that is free"):
        await Index.at(Address(qdrant.url), Told(), anew)
    assert qdrant.ids() == {"1"}


async def test_a_program_notices_that_another_made_the_collection_anew_before_it_writes(
    qdrant: LoopbackQdrant, canon: Make
) -> None:
    async with opened(qdrant) as index:
        async with opened(qdrant, Told("another"), anew=True):
            pass
        with pytest.raises(StoreDamaged, match="dramaturg reindex"):
            await index.put([canon("Mara", "Mara fears the water.")])
    assert qdrant.ids() == set()


@pytest.mark.parametrize("version", ["1.18.3", "0.9.0"])
async def test_a_server_that_is_too_old_is_named_with_what_it_must_be(version: str) -> None:
    with (
        loopback_qdrant(version=version) as server,
        pytest.raises(IndexFault, match=f"is Qdrant {version} and must be 1.19 at least; update it"),
    ):
        await Index.at(Address(server.url), Told())


# ---- what goes wrong ----


async def test_an_unreachable_server_is_told_and_is_used_when_it_is_back(qdrant: LoopbackQdrant, canon: Make) -> None:
    qdrant.stop()
    async with opened(qdrant) as index:
        found = await index.search(Query(SIGHT, "water"))
        assert found.hits == ()
        assert (
            found.trouble == f"The index's server {qdrant.url} cannot be reached; start it, or mend the setting index."
        )
        with pytest.raises(StoreAway):
            await index.put([canon("Mara", "Mara fears the water.")])
        qdrant.start()
        await index.put([canon("Mara", "Mara fears the water.")])
        assert await titles(index, "water") == ["Mara"]
        qdrant.stop()
        assert "cannot be reached" in (await index.search(Query(SIGHT, "water"))).trouble
        qdrant.start()
        await until_found(index, "water")
        assert await titles(index, "water") == ["Mara"]


async def until_found(index: Index, text: str) -> None:
    """Until it is noticed that the server is back."""
    async with asyncio.timeout(30):
        while (await index.search(Query(SIGHT, text))).trouble:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)


async def tell_at_once(index: Index, server: LoopbackQdrant) -> None:
    """Many turns are told what is wrong, and ask the server nothing: what it hears are the tries behind."""
    asked = len(server.asked)
    for _ in range(20):
        found = await index.search(Query(SIGHT, "water"))
        assert found.hits == ()
        assert "does not answer in time; see whether it is overloaded." in found.trouble
    assert len(server.asked) < asked + 20


async def test_only_the_first_turn_waits_for_a_server_that_does_not_answer(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant, patience=1) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
        qdrant.faults.mute = True
        assert "does not answer in time" in (await index.search(Query(SIGHT, "water"))).trouble
        await tell_at_once(index, qdrant)
        qdrant.faults.mute = False
        await until_found(index, "water")
        assert await titles(index, "water") == ["Mara"]


async def test_no_turn_waits_for_a_server_that_did_not_answer_at_the_start(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
    qdrant.faults.mute = True
    async with opened(qdrant, patience=1) as index:
        await tell_at_once(index, qdrant)
        qdrant.faults.mute = False
        await until_found(index, "water")
        assert await titles(index, "water") == ["Mara"]


async def test_rebuilding_needs_the_server(qdrant: LoopbackQdrant) -> None:
    qdrant.stop()
    with pytest.raises(StoreAway, match="cannot be reached"):
        await Index.at(Address(qdrant.url), Told(), anew=True)
    qdrant.start()


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        (500, "something broke", "has trouble of its own (status 500); see its log."),
        (503, "", "has trouble of its own (status 503); see its log."),
        (
            500,
            "No space left on device: WAL",
            "has no room left (No space left on device: WAL); free some space there.",
        ),
        (507, "quota", "has no room left (quota); free some space there."),
        (400, "Wrong input: odd", "did not do what was asked (Wrong input: odd); run dramaturg doctor."),
        (403, "Forbidden", "refuses the key; mend index_api_key: it must be one that may write."),
    ],
)
async def test_each_fault_is_one_sentence_that_says_what_to_do(
    qdrant: LoopbackQdrant, canon: Make, status: int, reason: str, told: str
) -> None:
    async with opened(qdrant, api_key="a secret") as index:
        await index.put([canon("Mara", "Mara fears the water.")])
        qdrant.faults.status, qdrant.faults.reason = status, reason
        expected = f"The index's server {qdrant.url} {told}"
        assert (await index.search(Query(SIGHT, "water"))).trouble == expected
        with pytest.raises(IndexFault) as caught:
            await index.put([canon("Tom", "Tom mends nets.")])
        assert str(caught.value) == expected
        assert "a secret" not in repr(Address(qdrant.url, "a secret")) + expected
        qdrant.faults.status = 0
        assert await index.put([canon("Tom", "Tom mends nets.")]) == 1


async def test_a_slow_server_is_not_waited_for_longer_than_its_patience(qdrant: LoopbackQdrant) -> None:
    async with opened(qdrant, patience=1) as index:
        qdrant.faults.slow = 3.0
        found = await index.search(Query(SIGHT, "water"))
        assert "does not answer in time" in found.trouble
        qdrant.faults.slow = 0.0


async def test_a_server_that_asks_for_a_moment_gets_it(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant) as index:
        qdrant.faults.limited = 1
        assert await index.put([canon("Mara", "Mara fears the water.")]) == 1
        qdrant.faults.limited = 100
        assert "is asked too much" in (await index.search(Query(SIGHT, "water"))).trouble
        qdrant.faults.limited = 0


@pytest.mark.parametrize("key", ["", "wrong", "reading"])
async def test_a_key_that_is_refused_stops_the_start(key: str) -> None:
    with (
        loopback_qdrant(key="right", reading_key="reading") as server,
        pytest.raises(IndexFault, match="refuses the key; mend index_api_key"),
    ):
        await Index.at(Address(server.url, key), Told())


async def test_a_collection_that_is_gone_is_not_silently_made_again(qdrant: LoopbackQdrant, canon: Make) -> None:
    async with opened(qdrant) as index:
        await index.put([canon("Mara", "Mara fears the water.")])
        qdrant.forget_collections()
        found = await index.search(Query(SIGHT, "water"))
        assert found.trouble == (
            f"The index's server {qdrant.url} has no collection dramaturg; run dramaturg reindex, which makes it anew."
        )
        with pytest.raises(StoreGone):
            await index.put([canon("Mara", "Mara fears the water.")])
    async with opened(qdrant, anew=True) as index:
        assert await index.put([canon("Mara", "Mara fears the water.")]) == 1


async def test_a_collection_that_was_looked_for_and_is_gone_is_not_made_again_by_the_next_change(
    qdrant: LoopbackQdrant, canon: Make
) -> None:
    remote = Remote(Address(qdrant.url), "told")
    remote.open(DIMENSION)
    qdrant.forget_collections()
    for _ in range(3):
        with pytest.raises(StoreGone, match="run dramaturg reindex, which makes it anew"):
            remote.put([Entered(canon("Mara", "Mara fears the water."), [1.0, 0.0, 0.0, 0.0])])
    assert not qdrant.store.collection_exists("dramaturg")
    remote.close()


async def test_what_is_no_qdrant_is_said_to_be_none(qdrant: LoopbackQdrant) -> None:
    qdrant.faults.foreign = True
    with pytest.raises(IndexFault, match="does not answer as Qdrant does; see that index names its REST port"):
        await Index.at(Address(qdrant.url), Told())


# ---- the address ----


@pytest.mark.parametrize(
    ("index", "names", "mistake"),
    [
        ("", False, ""),
        ("/var/index", False, ""),
        ("http://qdrant:6333", True, ""),
        ("https://qdrant.example/under/a/path", True, ""),
        ("http://user:word@qdrant:6333", True, "it holds a login; give the server's key as index_api_key"),
        ("http://qdrant:port", True, "it is no URL"),
        ("http://", True, "write a server as http://HOST:6333 or https://HOST:6333"),
    ],
)
def test_a_url_is_told_from_a_folder_and_a_wrong_one_is_explained(index: str, names: bool, mistake: str) -> None:
    assert Address.names(index) is names
    assert not names or Address.mistake(index) == mistake


def test_a_key_goes_unencrypted_only_where_it_stays_on_the_machine() -> None:
    assert Address("http://qdrant:6333", "key").exposed
    assert not Address("http://localhost:6333", "key").exposed
    assert not Address("https://qdrant:6333", "key").exposed
    assert not Address("http://qdrant:6333").exposed
