"""A store that was just opened is read through behind, as far as there is room for it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest

from vectorstore import Origin, Passage
from vectorstore.edge import EdgeStore
from vectorstore.store import Entered
from vectorstore.warmth import Warmth, read

if not hasattr(os, "SEEK_DATA"):
    pytest.skip("this system keeps of files what it likes", allow_module_level=True)

DIMENSION = 384


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "small").write_bytes(b"x" * 10)
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    return tmp_path


def test_all_files_are_read_however_deep_they_lie(folder: Path) -> None:
    assert read(folder, 10_000_000, Event()) == 3_000_010


def test_what_has_no_room_is_left_and_what_is_small_comes_first(folder: Path) -> None:
    assert read(folder, 2_000_000, Event()) == 10


def test_the_holes_of_a_file_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.seek(100 << 20)
        file.write(b"x" * 5000)
        file.truncate(200 << 20)
    assert 5000 <= read(tmp_path, 10_000_000, Event()) < 1_000_000


def test_nothing_is_read_once_it_is_enough(folder: Path) -> None:
    enough = Event()
    enough.set()
    assert read(folder, 10_000_000, enough) == 0


def test_a_link_that_leads_nowhere_is_passed_over(folder: Path) -> None:
    os.symlink(folder / "nowhere", folder / "gone")
    assert read(folder, 10_000_000, Event()) == 3_000_010


def test_a_folder_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    warmth = Warmth()
    warmth.give(tmp_path / "nowhere")
    warmth.stop()
    warmth.stop()


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells what a process has read")
async def test_a_store_that_is_opened_again_is_read_through(tmp_path: Path) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    async with _opened(full) as store:
        await store.put([_entered(number) for number in range(3000)])
    size = read(full / "store" / "shard" / "segments", 1 << 30, Event())
    async with _opened(empty) as other, _opened(full) as again:
        for _ in range(200):
            if _read_by(again.pid) - _read_by(other.pid) > size // 2:
                return
            await asyncio.sleep(0.05)
    pytest.fail(f"Of {size} bytes less than a half were read.")


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[EdgeStore]:
    store = await EdgeStore.open(folder, "bundled", DIMENSION, "the test")
    yield store
    await store.close()


def _entered(number: int) -> Entered:
    place = {"record": f"doc{number}", "order": 0, "status": "learned"}
    passage = Passage("t", "s", Origin.SOURCE, "text", text=f"The lamp of number {number}.", title="", **place)
    return Entered(passage, [1.0] + [float(number % 7)] * (DIMENSION - 1))


def _read_by(process: int | None) -> int:
    """Bytes that a process asked for."""
    (told,) = (line for line in Path(f"/proc/{process}/io").read_text().splitlines() if line.startswith("rchar"))
    return int(told.split()[1])
