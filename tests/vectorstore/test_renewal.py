"""The index is optimized beside itself: nothing stops, nothing is lost, whatever dies."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from vectorstore import Origin, Passage, Query, Sight
from vectorstore.edge import EdgeStore
from vectorstore.generation import FIRST, OPTIMIZED, count_optimized, current
from vectorstore.sight import visible
from vectorstore.store import Asked, Entered, fingerprint

ROOT = Path(__file__).parents[2]
DIMENSION = 256
STEP = 200
NEVER = 10**9
WORDS = ["lamp", "tide", "rope", "salt", "bell", "gull", "pier", "storm", "map", "stove", "key", "door"]


def passage(number: int, edition: int = 0) -> Passage:
    chance = random.Random(number)
    text = f"{' '.join(chance.choices(WORDS, k=12))} n{number} edition {edition}"
    place = {"record": f"doc{number // 4}", "order": number % 4}
    return Passage("t", "s", Origin.SOURCE, "text", text=text, title="", status="learned", **place)


def vector(text: str) -> list[float]:
    numbers = np.random.default_rng(crc32(text.encode())).standard_normal(DIMENSION)
    return [float(number) for number in numbers / np.linalg.norm(numbers)]


def entered(passages: Sequence[Passage]) -> list[Entered]:
    return [Entered(one, vector(one.text)) for one in passages]


def held(passages: Mapping[int, Passage]) -> dict[str, str]:
    return {one.id: fingerprint(one) for one in passages.values()}


async def best(store: EdgeStore, text: str, depth: int = 10) -> dict[str, dict[str, float]]:
    """By signal, its best ``depth`` with their scores."""
    where = visible(Query(Sight("t", "s"), text))
    assert where is not None
    arms = await store.arms(where, Asked((text,), (vector(text),), (), depth))
    ranked = {arm.signal: sorted(arm.scores.items(), key=lambda one: (-one[1], one[0]))[:depth] for arm in arms}
    return {signal: dict(rows) for signal, rows in ranked.items()}


async def opened(folder: Path, step: int) -> EdgeStore:
    return await EdgeStore.open(folder, "seeded", DIMENSION, "test", step=step)


async def until(said: str, true: object) -> None:
    """Waits for ``true()``; a busy machine may take its time."""
    for _ in range(30_000):
        if true():  # type: ignore[operator]
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came to this: {said}")


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(f"{FIRST}*"))


async def test_while_the_index_is_optimized_it_is_searched_and_written_to_and_nothing_is_lost(tmp_path: Path) -> None:
    store = await opened(tmp_path, STEP)
    there = {number: passage(number) for number in range(STEP + 20)}
    await store.put(entered(list(there.values())))
    during, number = 0, STEP + 20
    while current(tmp_path).name == FIRST:
        there |= {more: passage(more) for more in (number, number % 50)}  # a new one, and one known again
        there[number % 50] = passage(number % 50, edition=number)
        await store.put(entered([there[number], there[number % 50]]))
        record = there[60 + number % 100].record if 60 + number % 100 in there else ""
        if record:
            await store.drop(record, [])
            there = {one: kept for one, kept in there.items() if kept.record != record}
        assert there[number].id in (await best(store, there[number].text))["dense"]
        during += store.optimizer is not None
        number += 1
        assert number < 100_000, "the next generation never took over"
    assert during, "nothing was written while the next generation was made"
    assert await store.fingerprints("", None) == held(there)
    there[number] = passage(number)
    await store.put(entered([there[number]]))
    await store.close()
    again = await opened(tmp_path, NEVER)
    assert await again.fingerprints("", None) == held(there)
    assert there[number].id in (await best(again, there[number].text))["dense"]
    await again.close()
    assert generations(tmp_path) == [current(tmp_path).name]
    assert count_optimized(current(tmp_path)) >= STEP


async def test_an_optimized_index_finds_what_the_plain_one_found(tmp_path: Path) -> None:
    passages = [passage(number) for number in range(3 * STEP)]
    plain, quick = await opened(tmp_path / "plain", NEVER), await opened(tmp_path / "quick", 3 * STEP)
    for store in (plain, quick):
        await store.put(entered(passages))
    await until("the next generation serves", lambda: current(tmp_path / "quick").name != FIRST)
    alike = []
    for number in range(40):
        text = f"{WORDS[number % 12]} and the {WORDS[number * 5 % 12]} n{number}"
        expected, found = await best(plain, text), await best(quick, text)
        # Of passages that score alike, one or another is cut off.
        assert sorted(found["bm25"].values()) == pytest.approx(sorted(expected["bm25"].values()), rel=1e-5)
        alike.append(len(expected["dense"].keys() & found["dense"].keys()) / len(expected["dense"]))
    assert sum(alike) / len(alike) >= 0.98
    await plain.close()
    await quick.close()


@pytest.mark.parametrize("victim", ["optimizer", "pid"])
async def test_when_a_process_is_killed_meanwhile_the_index_goes_on_as_it_was(tmp_path: Path, victim: str) -> None:
    store = await opened(tmp_path, STEP)
    there = {number: passage(number) for number in range(STEP + 20)}
    await store.put(entered(list(there.values())))
    await until("the next generation is being made", lambda: store.optimizer)
    os.kill(getattr(store, victim), signal.SIGKILL)
    there[STEP + 20] = passage(STEP + 20)
    await store.put(entered([there[STEP + 20]]))
    await until("no optimizer is left", lambda: not store.optimizer)
    assert await store.fingerprints("", None) == held(there)
    assert there[STEP + 20].id in (await best(store, there[STEP + 20].text))["dense"]
    await store.close()
    again = await opened(tmp_path, NEVER)
    assert await again.fingerprints("", None) == held(there)
    assert generations(tmp_path) == [current(tmp_path).name]
    await again.close()


async def test_closing_does_not_wait_for_the_next_generation_and_leaves_no_process(tmp_path: Path) -> None:
    store = await opened(tmp_path, STEP)
    await store.put(entered([passage(number) for number in range(STEP + 20)]))
    await until("the next generation is being made", lambda: store.optimizer)
    pid = store.optimizer
    assert pid is not None
    await store.close()
    assert store.optimizer is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert generations(tmp_path) == [FIRST]


POINTS = {
    "begun": lambda folder: len(generations(folder)) > 1,
    "made": lambda folder: any((folder / name / OPTIMIZED).exists() for name in generations(folder)),
    "switched": lambda folder: current(folder).name != FIRST,
}


@pytest.mark.parametrize("moment", POINTS)
async def test_a_program_killed_at_any_moment_loses_nothing_it_was_told(tmp_path: Path, moment: str) -> None:
    with writer(tmp_path) as program:
        try:
            await until(f"the next generation is {moment}", lambda: POINTS[moment](tmp_path))
        finally:
            program.kill()
        assert program.stdout is not None
        lines = [line.split() for line in program.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    told, pids = int(lines[-1][0]), {int(pid) for line in lines for pid in line[1:]}
    await until("its processes have ended", lambda: all(ended(pid) for pid in pids))
    store = await opened(tmp_path, NEVER)
    kept = await store.fingerprints("", None)
    assert {passage(number).id: fingerprint(passage(number)) for number in range(told)}.items() <= kept.items()
    assert passage(told - 1).id in (await best(store, passage(told - 1).text))["dense"]
    assert generations(tmp_path) == [current(tmp_path).name]
    await store.close()


def writer(folder: Path) -> "subprocess.Popen[str]":
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True, env=env)


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def write_on(folder: Path) -> None:
    """A program of its own: writes, and says how many passages were taken in and by which processes."""
    store = await opened(folder, STEP)
    number = 0
    while True:
        await store.put(entered([passage(number + more) for more in range(4)]))
        number += 4
        pids = [str(pid) for pid in (store.pid, store.optimizer) if pid]
        print(number, *pids, flush=True)  # noqa: T201 - acknowledged: the test counts on it
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(write_on(Path(sys.argv[1])))
