"""What the index was told outlives a power cut: it is in the log on the disk before anybody relies on it."""

import shutil
from collections.abc import Callable
from pathlib import Path

from vectorstore import Passage
from vectorstore.edge import EdgeStore
from vectorstore.embedding import Embedder
from vectorstore.generation import FIRST
from vectorstore.index import Index

Make = Callable[..., Passage]


class Noted(EdgeStore):
    """Notes what the store holds whenever it is kept."""

    kept: dict[str, str] | None = None

    async def keep(self) -> None:
        await super().keep()
        self.kept = dict(await self.fingerprints("", None))


async def opened(folder: Path, embedder: Embedder) -> tuple[Noted, Index]:
    store = await Noted.open(folder, embedder.name, 384, "test")
    assert isinstance(store, Noted)
    return store, Index(store, embedder)


async def test_a_record_counts_as_done_only_when_the_disk_has_what_changed(
    embedder: Embedder, tmp_path: Path, source: Make
) -> None:
    store, index = await opened(tmp_path, embedder)
    await index.replace_all({"doc": [source("doc", n, f"Herring {n}.") for n in range(3)]})
    assert store.kept == await index.fingerprints() != {}
    await index.replace_all({"doc": [], "more": [source("more", 0, "A barrel.")]})
    assert store.kept == await index.fingerprints()
    await index.close()


async def test_after_a_power_cut_the_log_brings_back_what_was_written_and_takes_away_what_was_forgotten(
    embedder: Embedder, tmp_path: Path, source: Make
) -> None:
    there, cut = tmp_path / "there", tmp_path / "cut"
    _, index = await opened(there, embedder)
    await index.replace_all({f"old{n}": [source(f"old{n}", 0, f"Herring {n}.")] for n in range(3)})
    await index.close()
    shutil.copytree(there, cut)
    _, index = await opened(there, embedder)
    await index.replace_all({"old1": [], "old2": [source("old2", 0, "Mackerel.")], "new": [source("new", 0, "Cod.")]})
    # All but the log is as it was flushed last: nothing else was waited for.
    log = Path(FIRST, "shard", "wal")
    shutil.rmtree(cut / log)
    shutil.copytree(there / log, cut / log)
    held = await index.fingerprints()
    await index.close()
    _, again = await opened(cut, embedder)
    assert await again.fingerprints() == held
    await again.close()
