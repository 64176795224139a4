"""Locks, kills and crashes, with real second processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from vectorstore import Passage, Query, Sight
from vectorstore.edge import EdgeStore
from vectorstore.embedding import Embedder
from vectorstore.errors import EmbedderDown, StoreDamaged, StoreLocked, WorkerDied
from vectorstore.index import Index
from vectorstore.worker import Worker

Make = Callable[..., Passage]
HOLDER = Path(__file__).with_name("holder.py")
ROOT = HOLDER.parents[2]


@contextmanager
def holder(folder: Path, doing: str) -> Iterator["subprocess.Popen[str]"]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(HOLDER), str(folder), doing], stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def gone(pid: int, within: float = 10.0) -> bool:
    """Whether the process ends within so many seconds; a zombie has ended."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


async def test_a_second_process_is_told_who_holds_the_index_and_gets_it_once_that_one_is_killed(
    embedder: Embedder, tmp_path: Path
) -> None:
    with holder(tmp_path, "hold") as first:
        children = [int(pid) for pid in (await asyncio.to_thread(line, first)).split()]
        with pytest.raises(StoreLocked, match=rf"in use by holder \(process {first.pid}\); end it first"):
            await Index.open(tmp_path, embedder)
        first.send_signal(signal.SIGKILL)
        first.wait()
        index = await Index.open(tmp_path, embedder)
        await index.close()
        assert [pid for pid in children if not gone(pid)] == [], "a child outlived its killed parent"


async def test_what_was_acknowledged_is_there_after_a_kill(embedder: Embedder, tmp_path: Path) -> None:
    with holder(tmp_path, "write") as writer:
        for _ in range(4):
            told = int(await asyncio.to_thread(line, writer))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    index = await Index.open(tmp_path, embedder)
    found = await index.search(Query(Sight("t", "s"), f"line {told - 1} about the lamp"))
    count = await index.count()
    await index.close()
    assert count >= told
    assert f"Line {told - 1} " in found.hits[0].text


async def test_a_killed_index_process_is_replaced_and_nothing_is_lost(
    embedder: Embedder, tmp_path: Path, canon: Make
) -> None:
    store = await EdgeStore.open(tmp_path, embedder.name, 384, "test")
    index = Index(store, embedder)
    await index.put([canon("Mara", "Mara fears water.")])
    first = store.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    found = await index.search(Query(Sight("t", "s"), "Mara"))
    assert found.trouble == ""
    assert [hit.passage.title for hit in found.hits] == ["Mara"]
    assert store.pid not in (None, first)
    await index.close()
    assert gone(first)


async def test_an_index_made_by_another_embedder_says_how_to_mend_it(embedder: Embedder, tmp_path: Path) -> None:
    await (await EdgeStore.open(tmp_path, "hf:another", 384, "test")).close()
    with pytest.raises(StoreDamaged, match=r"'hf:another' and 'bundled' is set now; .* dramaturg reindex"):
        await Index.open(tmp_path, embedder)
    mended = await Index.open(tmp_path, embedder, anew=True)
    assert await mended.count() == 0
    await mended.close()


async def test_a_damaged_index_says_so_in_one_sentence_and_can_be_rebuilt(
    embedder: Embedder, tmp_path: Path, canon: Make
) -> None:
    index = await Index.open(tmp_path, embedder)
    await index.put([canon("Mara", "Mara fears water.")])
    await index.close()
    for file in (tmp_path / "store" / "shard").rglob("*.json"):
        file.write_bytes(b"\x00garbage")
    with pytest.raises(StoreDamaged, match="cannot be read; run dramaturg reindex"):
        await Index.open(tmp_path, embedder)
    mended = await Index.open(tmp_path, embedder, anew=True)
    assert await mended.put([canon("Mara", "Mara fears water.")]) == 1
    await mended.close()


async def test_a_store_that_was_half_made_is_made_again(embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / "store.new" / "shard" / "wal").mkdir(parents=True)
    index = await Index.open(tmp_path, embedder)
    assert await index.count() == 0
    await index.close()


async def test_a_killed_embedder_is_replaced_and_the_call_still_answered(embedder: Embedder) -> None:
    texts = [f"sentence number {n} about ropes and bells" * 8 for n in range(40)]
    expected = await embedder.aembed_documents(texts)
    first = embedder.pid
    assert first is not None
    under_way = asyncio.create_task(embedder.aembed_documents(texts))
    await asyncio.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    again = await under_way
    assert embedder.pid not in (None, first)
    for one, other in zip(again, expected, strict=True):
        assert sum(a * b for a, b in zip(one, other, strict=True)) > 0.99999


async def test_a_closed_embedder_refuses_with_a_sentence_and_leaves_no_process() -> None:
    embedder = Embedder()
    await embedder.start()
    pid = embedder.pid
    assert pid is not None
    await embedder.close()
    assert gone(pid)
    with pytest.raises(EmbedderDown, match="run dramaturg doctor"):
        await embedder.aembed_query("anything")


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
async def test_where_no_process_can_be_started_a_search_says_so_and_works_once_one_can() -> None:
    resource = import_module("resource")
    worker = Worker("index", dict)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(WorkerDied, match="could not be started"):
            await asyncio.wait_for(worker.call("copy"), 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert await worker.call("copy") == {}
    await worker.close()
