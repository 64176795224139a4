"""Takes: what the local writer costs: first token, tokens a second, takes, and the loop beside it.

The peer is the same model through transformers in bfloat16, in a process of its own as ours is, with
our prefix reuse: only the engines differ. It needs the bench group's packages. Run alone on a quiet
machine: medians of a few rounds.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.measure import Found, Lag, arguments, found, give, share
from chains import Message, Sampling, Written
from chains.models import WriterSettings, open_writer
from chains.writer import Writer

_PEER = "hf:smollm2-135m-instruct"  # the same weights, by our other engine
_NOTE = "Mara walked along pier {n} and counted the lamps while Ilan mended net {n} beside the old crane."
_ASK = "Write what happens next."
_WARM = Sampling(seed=1)
_TOKENS = 64


def prompt(notes: int, salt: str = "") -> list[Message]:
    """About 24 tokens a note; the salt makes it one that was never read."""
    told = "\n".join(_NOTE.format(n=n) for n in range(notes))
    return [Message("system", f"{salt}You know:\n{told}"), Message("user", _ASK)]


def run(args: argparse.Namespace) -> Found:
    ours = asyncio.run(_measure(args.writer, args))
    peers = {} if args.no_peers else {"transformers bf16": asyncio.run(_measure(_PEER, args))}
    return found("takes", args.writer, ours, peers)


async def _measure(name: str, args: argparse.Namespace) -> dict[str, float]:
    cache = Path(args.cache or tempfile.mkdtemp(prefix="takes-"))
    began = time.perf_counter()
    writer = open_writer(name, WriterSettings(cache=cache, dtype="bfloat16"))
    try:
        await writer.ready()
        figures = {"load_s": time.perf_counter() - began}
        await _write(writer, prompt(2))
        rounds = [await _round(writer, n, args.notes) for n in range(args.rounds)]
    finally:
        await writer.close()
    return figures | {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}


async def _round(writer: Writer, n: int, notes: int) -> dict[str, float]:
    messages = prompt(notes, f"Draft {n}. ")
    fresh = await _write(writer, messages)
    async with Lag() as lag:
        cached = await _write(writer, messages)
    one, three, eight = [await _timed(writer, messages, n=size) for size in (1, 3, 8)]
    return {
        "ttft_uncached_ms": fresh.usage.first_ms,
        "ttft_cached_ms": cached.usage.first_ms,
        "tokens_per_s": _rate(cached),
        "takes3_over_1": three / one,
        "takes8_over_1": eight / one,
        "loop_lag_p99_ms": share(lag.late, 99),
    }


async def _write(writer: Writer, messages: list[Message]) -> Written:
    written = await writer.write(messages, _WARM, tokens=_TOKENS, tenant="local")
    if written.finish == "failed":
        raise SystemExit(written.reason)
    return written


async def _timed(writer: Writer, messages: list[Message], n: int) -> float:
    """Seconds of a token: takes end at different lengths, so the longest of them counts."""
    began = time.perf_counter()
    takes = await writer.takes(messages, replace(_WARM, temperature=1.0), n=n, tokens=_TOKENS, tenant="local")
    longest = max(take.usage.generated for take in takes)
    return (time.perf_counter() - began) / max(longest, 1)


def _rate(written: Written) -> float:
    spent = (written.usage.total_ms - written.usage.first_ms) / 1000
    return (written.usage.generated - 1) / spent if spent > 0 else 0.0


def main(argv: list[str]) -> int:
    parser = arguments("takes", __doc__)
    parser.add_argument("--writer", default="local:smollm2-135m-instruct")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--notes", type=int, default=30, help="length of the prompt, about 24 tokens each")
    parser.add_argument("--cache", default="", help="folder for what is prepared once (default: a new one)")
    args = parser.parse_args(argv)
    return give(run(args), args)
