"""Stream: an answer as it comes in, and a stream that ends when told to. The only place that reads LangChain's chunks.

Knows nothing of which model it is, of prompts or of platforms.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from chains.written import Finish, Usage, Written

_ENDS = ("finish_reason", "stop_reason", "done_reason")  # as OpenAI, Anthropic and Ollama call it
_LENGTH = frozenset({"length", "max_tokens", "MAX_TOKENS"})


@dataclass(slots=True)
class Incoming:
    """An answer while it comes in."""

    began: float = field(default_factory=time.perf_counter)
    parts: list[str] = field(default_factory=list)
    finish: Finish | None = None
    reason: str = ""
    usage: Usage = field(default_factory=Usage)

    def add(self, chunk: Any) -> str:
        text = str(chunk.text)
        if text:
            if not self.parts:
                self.usage = replace(self.usage, first_ms=since(self.began))
            self.parts.append(text)
        if used := chunk.usage_metadata:
            cached = (used.get("input_token_details") or {}).get("cache_read") or 0
            self.usage = replace(
                self.usage,
                prompt=self.usage.prompt + used["input_tokens"],
                reused=self.usage.reused + cached,
                generated=self.usage.generated + used["output_tokens"],
            )
        ended = next((told for key in _ENDS if (told := chunk.response_metadata.get(key))), None)
        if ended:
            self.finish = "length" if ended in _LENGTH else "failed" if ended == "failed" else "complete"
            self.reason = chunk.response_metadata.get("reason", "")
        return text

    def end(self, finish: Finish, reason: str = "") -> Written:
        usage = replace(self.usage, total_ms=since(self.began))
        return Written("".join(self.parts), finish, usage, reason or self.reason)


async def until(stream: AsyncIterator[Any], halt: asyncio.Event | None) -> AsyncGenerator[Any, None]:
    """The stream, cut at once when told to, even while it waits for its next piece."""
    told = asyncio.ensure_future(halt.wait()) if halt is not None else None
    try:
        while told is None or not told.done():
            piece = asyncio.ensure_future(_next(stream))
            try:
                await asyncio.wait({piece} if told is None else {piece, told}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not piece.done():
                    piece.cancel()
                    await asyncio.gather(piece, return_exceptions=True)
            if piece.cancelled() or (chunk := piece.result()) is None:
                return
            yield chunk
    finally:
        if told is not None:
            told.cancel()
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _next(stream: AsyncIterator[Any]) -> Any:
    """The next piece, or None at the end: an exception would not survive the way through a task."""
    return await anext(stream, None)


def since(began: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - began) * 1000
