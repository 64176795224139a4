"""Generations: which folder holds the store that serves, how its shard is laid out, and how the next one is made.

An index is optimized as a copy, in a process of its own, since the engine holds the interpreter's lock
while it does so: for minutes, where passages are many. Which folder serves stands in one small file that
is replaced whole. Knows nothing of queries.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from vectorstore.layout import CARE, DENSE, DEPTH, KEYWORDS, LINKS, LOOKED_UP, QUANTILE, SCANNED, TENANT, WORDS

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

FIRST, POINTER = "store", "current"
OWED = "forgotten"  # is there while a generation may hold what was forgotten
OPTIMIZED = "optimized"  # in a generation's folder: how many points it had when it was
COPIED, DONE = "copied", "done"

_WORTH = 100  # kilobytes from which a segment is optimized: we begin only where there is enough
_NICE = 10
_MOVED = 500  # points moved at once
_SPACE = 3  # copies of the index that must find room: ours, and what the engine makes of it


def current(folder: Path) -> Path:
    """The generation that serves."""
    try:
        return folder / (folder / POINTER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return folder / FIRST


def point(folder: Path, name: str) -> None:
    """From now on ``name`` serves; a crash at any moment leaves one or the other."""
    fresh = folder / f"{POINTER}.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / POINTER)
    _keep(folder)


def keep_log(folder: Path) -> None:
    """What the serving shard's log holds is on the disk when this returns; what it says is done again when the shard
    is opened. A flush would hold the shard's process up for 10 ms and more, this holds up nobody else."""
    log = current(folder) / "shard" / "wal"
    with suppress(FileNotFoundError):  # the next generation has just taken over, which was flushed
        for path in _everything(log):
            _keep(path)


def owe(folder: Path) -> None:
    """From now on, until `clean`, a next generation is due that holds nothing of what was forgotten."""
    (folder / OWED).touch()
    _keep(folder)


def owed(folder: Path) -> bool:
    return (folder / OWED).exists()


def clean(folder: Path) -> None:
    (folder / OWED).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Throws away every generation that does not serve."""
    serving = current(folder)
    for other in folder.glob(f"{FIRST}*"):
        if other != serving:
            shutil.rmtree(other, ignore_errors=True)


def count_optimized(store: Path) -> int:
    try:
        return int((store / OPTIMIZED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def config(qdrant: Any, dimension: int) -> Any:
    """All lies on the disk and is mapped as it is touched, so that nothing is read for a show that nobody asks.
    What is scanned is a byte a number, and the best of that are weighed again by the vectors themselves."""
    cold = qdrant.Memory.Cold
    links = qdrant.HnswIndexConfig(
        m=0,  # no graph over all: nobody may search all
        payload_m=LINKS,
        ef_construct=CARE,
        full_scan_threshold=SCANNED,
        max_indexing_threads=max(1, (os.cpu_count() or 2) // 2),
        memory=cold,
    )
    small = qdrant.ScalarQuantizationConfig(qdrant.ScalarType.Int8, quantile=QUANTILE, memory=cold)
    dense = qdrant.EdgeVectorParams(
        size=dimension,
        distance=qdrant.Distance.Cosine,
        quantization_config=small,
        hnsw_config=links,
        memory=cold,
    )
    words = qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf, memory=cold)
    optimizers = qdrant.EdgeOptimizersConfig(indexing_threshold=_WORTH)
    vectors, sparse = {DENSE: dense}, {WORDS: words}
    return qdrant.EdgeConfig(vectors=vectors, sparse_vectors=sparse, optimizers=optimizers, payload_memory=cold)


def make(qdrant: Any, place: Path, dimension: int) -> None:
    """An empty shard in the empty folder ``place``."""
    made = qdrant.EdgeShard.create(str(place), config(qdrant, dimension))
    index = qdrant.UpdateOperation.create_field_index
    made.update(index(TENANT, qdrant.KeywordIndexParams(is_tenant=True)))
    for key in KEYWORDS:
        made.update(index(key, qdrant.KeywordIndexParams(enable_hnsw=False)))
    cold = qdrant.Memory.Cold
    for key in LOOKED_UP:
        made.update(index(key, qdrant.KeywordIndexParams(enable_hnsw=False, memory=cold)))
    made.update(index(DEPTH, qdrant.IntegerIndexParams(enable_hnsw=False, memory=cold)))
    made.flush()
    made.close()


def discard(store: Path) -> None:
    """Throws a generation away, unless it serves."""
    if current(store.parent) != store:
        shutil.rmtree(store, ignore_errors=True)


def renew(report: Connection, leash: Connection, store: str, target: str, dimension: int, bare: bool) -> None:
    """The life of the process that makes the next generation: a ``bare`` one holds nothing of what was forgotten. It
    reports COPIED and DONE, or why it cannot; it ends when the other end of ``leash`` does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(leash)
    with suppress(OSError, AttributeError):
        os.nice(_NICE)
    try:
        _copy(Path(store), Path(target))
        report.send(COPIED)
        if bare:
            _move(Path(target), dimension)
        _optimize(Path(target), dimension)
        report.send(DONE)
    except Exception as fault:  # noqa: BLE001 - the process's outermost surface: it goes to the parent
        report.send(str(fault) or type(fault).__name__)


def _copy(store: Path, target: Path) -> None:
    """``store`` must not change meanwhile."""
    size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    if shutil.disk_usage(store).free < _SPACE * size:
        raise OSError(f"the disk has no room for {_SPACE} times the index's {size >> 20} MB; free some space")
    shutil.copytree(store, target)
    (target / OPTIMIZED).unlink(missing_ok=True)


def _move(store: Path, dimension: int) -> None:
    """What was dropped lies on in the segments and in the log, and optimizing leaves most of it there. So what is
    left moves into a shard of its own."""
    qdrant = import_module("qdrant_edge")
    old, fresh = store / "shard", store / "fresh"
    fresh.mkdir()
    make(qdrant, fresh, dimension)
    source, target = (qdrant.EdgeShard.load(str(place), config(qdrant, dimension)) for place in (old, fresh))
    after: Any = None
    while True:
        request = qdrant.ScrollRequest(offset=after, limit=_MOVED, with_payload=True, with_vector=True)
        records, after = source.scroll(request)
        points = [qdrant.Point(record.id, record.vector, record.payload) for record in records]
        if points:
            target.update(qdrant.UpdateOperation.upsert_points(points))
        if after is None:
            break
    target.flush()
    target.close()
    source.close()
    shutil.rmtree(old)
    fresh.rename(old)


def _optimize(store: Path, dimension: int) -> None:
    qdrant = import_module("qdrant_edge")
    shard = qdrant.EdgeShard.load(str(store / "shard"), config(qdrant, dimension))
    while shard.optimize():
        pass
    shard.flush()
    (store / OPTIMIZED).write_text(str(shard.info().points_count), encoding="utf-8")
    shard.close()
    for path in _everything(store):
        _keep(path)


def _end_with(leash: Connection) -> None:
    """Nothing is ever sent through it: when there is something to read, the parent is gone. The system's
    own signal ends us then, because while the engine works no line of ours runs."""
    if fcntl is not None and hasattr(os, "O_ASYNC"):
        with suppress(OSError):
            fcntl.fcntl(leash.fileno(), fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(leash.fileno(), fcntl.F_SETFL, fcntl.fcntl(leash.fileno(), fcntl.F_GETFL) | os.O_ASYNC)


def _everything(place: Path) -> Iterator[Path]:
    yield from (path for path in place.rglob("*") if path.is_file())
    yield place


def _keep(path: Path) -> None:
    """On the disk, also through a power cut."""
    with suppress(OSError):  # a folder, on Windows
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
