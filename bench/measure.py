"""What every bench shares: its arguments, the object it gives, the table it prints, and the loop's lag.

Knows nothing of what is measured.
"""

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from types import TracebackType
from typing import Any, Self

Metrics = Mapping[str, float]
Found = Mapping[str, Any]
"""``{"bench", "set", "date", "machine", "ours": {metric: number}, "peers": {name: {metric: number}}}``"""

_TICK = 0.002  # seconds between two looks at the loop: ten times finer than what a person could notice


def arguments(name: str, about: str | None) -> argparse.ArgumentParser:
    """A parser with what all benches take."""
    parser = argparse.ArgumentParser(prog=f"bench {name}", description=(about or "").partition("\n\n")[0])
    parser.add_argument("--no-peers", action="store_true", help="measure us alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    return parser


def found(bench: str, what: str, ours: Metrics, peers: Mapping[str, Metrics] | None = None) -> Found:
    """The object of a bench; ``what`` says on which data it was measured."""
    return {
        "bench": bench,
        "set": what,
        "date": date.today().isoformat(),
        "machine": machine(),
        "ours": dict(ours),
        "peers": {name: dict(theirs) for name, theirs in (peers or {}).items()},
    }


def machine() -> str:
    """Processor, cores that may be used, and system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()}"


def _processor() -> str:
    table = Path("/proc/cpuinfo")
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def table(result: Found) -> str:
    """A metric a line: ours, each peer's, and ours as a multiple of theirs."""
    peers: Mapping[str, Metrics] = result["peers"]
    metrics = dict.fromkeys([*result["ours"], *(metric for theirs in peers.values() for metric in theirs)])
    first = max(map(len, metrics), default=0) + 2
    widths = {name: max(len(name) + 2, 12) for name in peers}
    head = "".join(f"{name:>{width}}{'ratio':>9}" for name, width in widths.items())
    lines = [f"{'':<{first}}{'ours':>12}{head}"]
    for metric in metrics:
        mine = result["ours"].get(metric)
        line = f"{metric:<{first}}{_number(mine):>12}"
        for name, width in widths.items():
            theirs = peers[name].get(metric)
            line += f"{_number(theirs):>{width}}{_ratio(mine, theirs):>9}"
        lines.append(line)
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _ratio(mine: float | None, theirs: float | None) -> str:
    return f"{mine / theirs:.2f}" if mine is not None and theirs else "-"


def give(result: Found, args: argparse.Namespace, shown: str = "") -> int:
    """Print the table (or ``shown`` instead), write the JSON where it was asked for; the exit status."""
    print(f"{result['bench']}: {result['set']}\n{result['date']}, {result['machine']}\n")
    print(shown or table(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def spread(times: Sequence[float], of: str = "") -> dict[str, float]:
    """p50 and p95 of milliseconds; ``of`` is put behind the metrics' names."""
    return {f"p50_ms{of}": median(times), f"p95_ms{of}": share(times, 95)}


def share(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of the values do not exceed."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def since(started: float) -> float:
    """Milliseconds from a ``time.perf_counter()``."""
    return (time.perf_counter() - started) * 1000


def peer_module(name: str) -> Any:
    """A module only a peer needs."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"The peer needs {error.name}: run `uv sync --group bench`, or measure us alone with --no-peers."
        ) from error


class Lag:
    """How late the event loop wakes a task that sleeps, in milliseconds, while the context is entered."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch(), name="lag")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TICK)
            self.late.append(max(0.0, (time.perf_counter() - began - _TICK) * 1000))
