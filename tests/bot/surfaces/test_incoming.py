"""Shared files lie on the disk for one turn, each event's apart, under names that every disk takes."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from bot.events import File
from bot.surfaces.incoming import LEFT_AFTER, Shelf, Unfetched
from memory import LeaseLost


async def put(root: Path, event: str, name: str, data: bytes = b"x") -> File:
    shelf = Shelf(root, "T1", "C1", event)
    await shelf.open()
    return await shelf.put(File(name), data)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["\u4e2d" * 100 + ".md", "\u4e2d" * 300 + ".md", "a" * 300 + ".md", "\U0001f98a" * 80])
async def test_a_long_name_in_any_script_is_put_on_the_disk_and_keeps_its_ending(tmp_path, name) -> None:
    path = Path((await put(tmp_path, "e1", name)).path)
    assert path.suffix == Path(name).suffix
    assert path.read_bytes() == b"x"


async def test_a_disk_that_takes_no_file_is_said_in_a_sentence(tmp_path) -> None:
    (tmp_path / "T1").write_text("in the way")
    with pytest.raises(Unfetched, match=r"a\.md could not be put on my disk"):
        await put(tmp_path, "e1", "a.md")


async def test_two_threads_that_learn_files_of_one_name_do_not_touch_each_others(tmp_path) -> None:
    both = asyncio.Event()

    async def turn(event: str, data: bytes) -> File:
        file = await put(tmp_path, event, "bible.md", data)
        await both.wait()
        assert Path(file.path).read_bytes() == data
        return file

    turns = [asyncio.create_task(turn(event, event.encode())) for event in ("e1", "e2")]
    while len(files(tmp_path)) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    both.set()
    one, other = await asyncio.gather(*turns)
    assert one.path != other.path
    assert one.uri == other.uri, "the same file again replaces the former"


async def test_two_files_of_one_name_in_one_message_are_both_there(tmp_path) -> None:
    shelf = Shelf(tmp_path, "T1", "C1", "e1")
    await shelf.open()
    found = [await shelf.put(File("a.md"), data) for data in (b"one", b"two")]
    assert [Path(file.path).read_bytes() for file in found] == [b"one", b"two"]
    assert len({file.uri for file in found}) == 2


@pytest.mark.parametrize("how", ["ended", "lost", "cancelled"])
async def test_the_files_of_a_turn_end_with_it_however_it_ends(tmp_path, how) -> None:
    async def turn() -> None:
        await put(tmp_path, "e1", "a.md")
        if how == "lost":
            raise LeaseLost("another goes on")
        if how == "cancelled":
            await asyncio.sleep(60)

    running = asyncio.create_task(turn())
    while how == "cancelled" and not files(tmp_path):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    if how == "cancelled":
        running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(0)
    assert files(tmp_path) == []


async def test_what_a_program_that_died_left_behind_is_taken_away(tmp_path) -> None:
    left, fresh = tmp_path / "T1" / "C2" / "0123" / "old.md", tmp_path / "T1" / "C3" / "4567" / "new.md"
    for path in (left, fresh):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    then = time.time() - LEFT_AFTER - 60
    os.utime(left.parent, (then, then))
    await put(tmp_path, "e1", "a.md")
    assert not left.exists()
    assert fresh.exists()
