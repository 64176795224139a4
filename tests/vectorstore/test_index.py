"""Keeping the index: repeatable changes, reopening, rebuilding."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vectorstore import Passage, Query, Sight
from vectorstore.embedding import Embedder
from vectorstore.index import Index
from vectorstore.store import fingerprint

Make = Callable[..., Passage]
SIGHT = Sight("t", "s")


async def test_put_replace_and_drop_may_be_repeated(index: Index, source: Make) -> None:
    old = [source("doc", n, f"Old line {n}.") for n in range(5)]
    other = source("other", 0, "Untouched.")
    assert await index.put([*old, other]) == 6
    assert await index.put([*old, other]) == 0
    new = [replace(passage, text=f"New line {passage.order}.", version=2) for passage in old[:2]]
    for changed in (2, 0):
        assert await index.replace("doc", new) == changed
        assert dict(await index.fingerprints()) == {one.id: fingerprint(one) for one in (*new, other)}
    for _ in range(2):
        await index.drop("doc")
        assert dict(await index.fingerprints("s")) == {other.id: fingerprint(other)}
    await index.clear()
    assert await index.count() == 0


async def test_a_changed_status_reaches_the_store(index: Index, canon: Make) -> None:
    entry = canon("Mara", "Mara fears water.")
    await index.replace(entry.record, [entry])
    assert await index.replace(entry.record, [replace(entry, status="retired")]) == 1
    assert (await index.search(Query(SIGHT, "Mara"))).hits == ()


async def test_reopening_and_rebuilding_give_the_same_results(embedder: Embedder, tmp_path: Path, source: Make) -> None:
    words = ["lamp", "tide", "rope", "salt", "bell", "gull", "pier", "storm", "map", "stove"]
    passages = [
        source(f"doc{n}", 0, f"The {words[n % 10]} and the {words[n * 7 % 9]} of number {n % 13}.") for n in range(60)
    ]
    queries = [Query(SIGHT, f"{word} of number {n}", limit=10) for n, word in enumerate(words)]
    index = await Index.open(tmp_path / "index", embedder)
    await index.put(source(f"doc{n}", 0, f"Outdated {n}.") for n in range(40))
    await index.put(reversed(passages))
    first = [(await index.search(query)).hits for query in queries]
    await index.close()
    index = await Index.open(tmp_path / "index", embedder)
    assert [(await index.search(query)).hits for query in queries] == first
    await index.close()
    index = await Index.open(tmp_path / "index", embedder, anew=True)
    assert await index.count() == 0
    await index.put(passages)
    again = [(await index.search(query)).hits for query in queries]
    await index.close()
    ids = [[[hit.passage.id for hit in hits] for hits in found] for found in (first, again)]
    assert ids[0] == ids[1]
