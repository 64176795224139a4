"""What was forgotten leaves the disk: neither the next generation's passages nor its log hold a word of it."""

from collections.abc import Callable
from pathlib import Path

from vectorstore import Passage
from vectorstore.edge import EdgeStore
from vectorstore.embedding import Embedder
from vectorstore.generation import OWED
from vectorstore.index import Index

Make = Callable[..., Passage]
SECRET = "Zebrafish"


def told(folder: Path) -> list[str]:
    """The files that hold the secret."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path.relative_to(folder)) for path in files if SECRET.encode() in path.read_bytes()]


async def opened(folder: Path, embedder: Embedder, step: int = 0) -> tuple[EdgeStore, Index]:
    store = await EdgeStore.open(folder, embedder.name, 384, "test", step=step)
    return store, Index(store, embedder)


async def test_what_was_dropped_is_in_no_file_when_the_index_was_purged(
    embedder: Embedder, tmp_path: Path, source: Make
) -> None:
    _, index = await opened(tmp_path, embedder, step=30)
    await index.put(source("stays", n, f"Herring {n} lies in a barrel.") for n in range(40))
    await index.put(source("goes", n, f"{SECRET} {n} lies in a barrel.") for n in range(10))
    await index.settled()  # optimized once: part of it lies in what is not written to any more
    await index.put(source("goes too", n, f"{SECRET} {n} swims.") for n in range(10))
    await index.replace_all({"goes": [], "goes too": []})
    assert told(tmp_path), "dropping alone leaves it there"
    await index.purge()
    await index.settled()
    assert told(tmp_path) == []
    held = await index.fingerprints()
    assert len(held) == 40
    await index.replace_all({"more": [source("more", 0, "A tuba.")], "stays": []})
    assert len(await index.fingerprints()) == 1, "the new generation takes what is written as the old one did"
    await index.close()
    _, again = await opened(tmp_path, embedder)
    assert await again.count() == 1
    assert not (tmp_path / OWED).exists()
    await again.close()


async def test_what_is_forgotten_while_the_index_is_purged_leaves_it_too(
    embedder: Embedder, tmp_path: Path, source: Make
) -> None:
    store, index = await opened(tmp_path, embedder)
    await index.put(source(f"goes{r}", n, f"{SECRET} {n} lies in barrel {r}.") for r in range(2) for n in range(10))
    await index.put([source("stays", 0, "Herring.")])
    await index.replace_all({"goes0": []})
    await index.purge()
    await store._renewal.quiet()  # it is copied, with what is forgotten now
    await index.replace_all({"goes1": []})
    await index.purge()
    await index.settled()
    assert told(tmp_path) == []
    assert await index.count() == 1
    await index.close()


async def test_a_program_that_ends_before_leaves_it_to_the_next(
    embedder: Embedder, tmp_path: Path, source: Make
) -> None:
    _, index = await opened(tmp_path, embedder)
    await index.put([source("goes", 0, f"{SECRET} lies in a barrel."), source("stays", 0, "Herring.")])
    await index.replace_all({"goes": []})
    await index.purge()
    await index.close()
    assert told(tmp_path)
    _, again = await opened(tmp_path, embedder)
    await again.settled()
    assert told(tmp_path) == []
    assert await again.count() == 1
    await again.close()
