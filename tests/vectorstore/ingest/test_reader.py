"""The reader and its child: one process, never in the loop's way, never outliving the program."""

import asyncio
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from vectorstore.ingest import Limits, Reader, Unreadable


def children(of: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == of and state != "Z":
            found.append(int(status.parent.name))
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def readers() -> list[int]:
    return [pid for pid in children(os.getpid()) if "vectorstore.ingest.child" in command(pid)]


async def test_many_files_are_read_by_one_child(tmp_path: Path, reader: Reader) -> None:
    seen = set()
    for number in range(30):
        path = tmp_path / f"{number}.md"
        path.write_text(f"# Entry {number}\n\nText.")
        assert (await reader.read(path)).title == f"Entry {number}"
        seen.update(readers())
    assert len(seen) == 1


async def test_callers_at_once_each_get_their_own_document(tmp_path: Path, reader: Reader) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(12)]
    for path in paths:
        path.write_text(f"I am {path.stem}.")
    documents = await asyncio.gather(*(reader.read(path) for path in paths))
    assert [document.body for document in documents] == [f"I am {path.stem}." for path in paths]


async def test_a_killed_child_costs_one_file(tmp_path: Path, reader: Reader) -> None:
    good, large = tmp_path / "good.txt", tmp_path / "large.txt"
    good.write_text("Good.")
    large.write_text("Rain falls on the pier. " * 400_000)
    await reader.read(good)
    (pid,) = readers()
    reading = asyncio.create_task(reader.read(large))
    await asyncio.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Unreadable, match="SIGKILL"):
        await reading
    assert (await reader.read(good)).body == "Good."


async def test_a_cancelled_read_leaves_nothing_behind(tmp_path: Path, reader: Reader) -> None:
    good, large = tmp_path / "good.txt", tmp_path / "large.txt"
    good.write_text("Good.")
    large.write_text("Rain falls on the pier. " * 400_000)
    reading = asyncio.create_task(reader.read(large))
    await asyncio.sleep(0.5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (await reader.read(good)).body == "Good."


async def test_close_ends_the_child_and_a_read_under_way(tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    large.write_text("Rain falls on the pier. " * 400_000)
    reader = Reader()
    reading = asyncio.create_task(reader.read(large))
    await asyncio.sleep(0.5)
    await reader.close()
    with pytest.raises(Unreadable, match="closed"):
        await reading
    assert readers() == []
    with pytest.raises(Unreadable, match="closed"):
        await reader.read(large)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_child_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom vectorstore.ingest import Reader\n"
        "async def main():\n    reader = Reader()\n    await reader.read(Path(sys.argv[1]))\n"
        "    print('ready', flush=True)\n    await asyncio.sleep(60)\nasyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "a.txt")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        (child,) = children(parent.pid)
        parent.kill()
        parent.wait()
    for _ in range(200):
        if "vectorstore.ingest.child" not in command(child):
            break
        subprocess.run(["sleep", "0.05"], check=True)
    assert "vectorstore.ingest.child" not in command(child)


async def test_the_digest_tells_an_unchanged_file_without_parsing_it(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(b"{broken")
    assert await reader.digest(path) == sha256(b"{broken").hexdigest()
    with pytest.raises(Unreadable, match="larger"):
        await reader.digest(path, Limits(size=3))


async def test_no_token_of_the_parent_reaches_the_child(tmp_path: Path) -> None:
    os.environ["DRAMATURG_TEST_TOKEN"] = "xoxb-secret"
    try:
        async with Reader() as reader:
            path = tmp_path / "a.txt"
            path.write_text("Text.")
            await reader.read(path)
            (pid,) = readers()
            assert b"xoxb-secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    finally:
        del os.environ["DRAMATURG_TEST_TOKEN"]


async def test_a_large_document_arrives_whole_while_the_loop_goes_on(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "large.txt"
    path.write_text("Rain falls on the old pier again. " * 100_000)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    heart = asyncio.create_task(beat())
    document = await reader.read(path)
    heart.cancel()
    assert len(document.body) == 100_000 * 34 - 1
    assert beats > 100


def test_the_front_door_loads_nothing_heavy() -> None:
    program = "import sys, vectorstore.ingest; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"lxml", "bs4", "docx", "pypdf", "yaml", "charset_normalizer", "langchain_core", "langchain_community", "torch"}
    assert "vectorstore" in loaded
    assert not heavy & set(loaded)
