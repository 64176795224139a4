"""Writers behind an API, against a server that speaks OpenAI's protocol on this machine."""

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chains import Message, Sampling
from chains.echo import EchoChat
from chains.errors import WriterError
from chains.models import WriterSettings, open_writer
from chains.writer import Backend, Card, Writer

pytest.importorskip("langchain_openai")

ASKED = [Message("system", "You are a co-writer."), Message("user", "Hello?")]


@dataclass
class Api:
    """One answer for all: words one after the other, or a status; keeps what it was asked."""

    words: tuple[str, ...] = ("Once", " upon", " a", " time")
    status: int = 200
    pause: float = 0.0
    break_after: int = -1
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            size = int(head.split("content-length:")[1].split("\r\n")[0])
            self.asked.append(json.loads(await reader.readexactly(size)))
            if self.status != 200:
                body = json.dumps({"error": {"message": "no", "type": "t", "code": "c"}}).encode()
                line = f"HTTP/1.1 {self.status} X\r\ncontent-type: application/json\r\nretry-after: 0\r\n"
                writer.write(f"{line}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
                await writer.drain()
                return
            await self.stream(writer)
        except ConnectionError:
            self.left.set()
        finally:
            writer.close()

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for n, word in enumerate(self.words):
            if n == self.break_after:
                writer.transport.abort()
                return
            self.event(writer, [{"index": 0, "delta": {"role": "assistant", "content": word}}])
            await writer.drain()
            await asyncio.sleep(self.pause)
        self.event(writer, [{"index": 0, "delta": {}, "finish_reason": "length"}])
        self.event(writer, [], usage={"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
                                      "prompt_tokens_details": {"cached_tokens": 5}})  # fmt: skip
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()

    def event(self, writer: asyncio.StreamWriter, choices: list[Any], **more: Any) -> None:
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
        writer.write(f"data: {json.dumps(chunk)}\n\n".encode())


@pytest_asyncio.fixture
async def api() -> AsyncIterator[Api]:
    api = Api()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    yield api
    server.close()


def opened(api: Api, tmp_path: Path) -> Writer:
    return open_writer("openai:gpt-tale", WriterSettings(cache=tmp_path, base_url=api.url, api_key="k", timeout=5))


async def test_it_streams_and_hands_over_finish_and_usage(api: Api, tmp_path: Path) -> None:
    writer = opened(api, tmp_path)
    pieces: list[str] = []

    async def hear(text: str) -> None:
        pieces.append(text)

    written = await writer.write(
        ASKED, Sampling(temperature=0.5, seed=7), tokens=4, stop=["\n"], tenant="t", on_text=hear
    )
    assert pieces == ["Once", " upon", " a", " time"]
    assert (written.text, written.finish) == ("Once upon a time", "length")
    assert (written.usage.prompt, written.usage.reused, written.usage.generated) == (9, 5, 4)
    (asked,) = api.asked
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert (asked["temperature"], asked["seed"], asked["stop"]) == (0.5, 7, ["\n"])
    assert 4 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))
    assert not {"min_p", "repetition_penalty", "sampling", "tenant"} & set(asked)


async def test_a_halt_ends_it_while_the_server_is_silent(api: Api, tmp_path: Path) -> None:
    api.pause = 30.0
    writer = opened(api, tmp_path)
    halt = asyncio.Event()

    async def hear(text: str) -> None:
        halt.set()

    async with asyncio.timeout(20):
        written = await writer.write(ASKED, Sampling(), tokens=4, tenant="t", on_text=hear, halt=halt)
    assert (written.text, written.finish) == ("Once", "stopped")


REFUSALS = {
    401: "refused the API key",
    404: "is not known there",
    429: "no more requests",
    500: "trouble of its own",
    400: "refused this request",
}
UNKNOWN = {
    "nonsense": "There is no writer",
    "anthropic:claude": "uv sync --extra anthropic",
    "nobody:x": "cannot be opened",
}


@pytest.mark.parametrize(("status", "says"), REFUSALS.items())
async def test_what_the_service_refuses_becomes_a_sentence(api: Api, tmp_path: Path, status: int, says: str) -> None:
    api.status = status
    written = await opened(api, tmp_path).write(ASKED, Sampling(), tokens=4, tenant="t")
    assert written.finish == "failed"
    assert says in written.reason
    assert len(api.asked) <= 3


async def test_half_a_stream_keeps_its_words_and_says_so(api: Api, tmp_path: Path) -> None:
    api.break_after = 2
    written = await opened(api, tmp_path).write(ASKED, Sampling(), tokens=4, tenant="t")
    assert (written.text, written.finish) == ("Once upon", "failed")
    assert "broke off before its end" in written.reason


async def test_a_service_that_is_not_there_becomes_a_sentence(tmp_path: Path) -> None:
    settings = WriterSettings(cache=tmp_path, base_url="http://127.0.0.1:9/v1", timeout=2)
    written = await open_writer("openai:gpt-tale", settings).write(ASKED, Sampling(), tokens=4, tenant="t")
    assert written.finish == "failed"
    assert "cannot be reached" in written.reason


@pytest.mark.parametrize(("name", "says"), UNKNOWN.items())
async def test_a_writer_that_cannot_be_opened_says_what_to_do(tmp_path: Path, name: str, says: str) -> None:
    if "extra" in says and importlib.util.find_spec("langchain_anthropic"):
        pytest.skip("the extra is installed here")
    writer = open_writer(name, WriterSettings(cache=tmp_path))
    with pytest.raises(WriterError, match=says):
        await writer.ready()
    await writer.close()


@pytest.mark.parametrize(("pause", "loads", "ends"), [(0.0, 3, "complete"), (60.0, 1, "failed")])
async def test_a_model_that_could_not_be_loaded_is_loaded_when_it_is_asked_again_later(
    pause: float, loads: int, ends: str
) -> None:
    tries: list[Card] = []

    async def load() -> Backend:
        tries.append(card)
        if len(tries) < 3:
            raise WriterError("The hub cannot be reached: ask again.")
        return Backend(echo := EchoChat(), card, lambda sampling, tokens, tenant: {}, inner=echo)

    writer = Writer(card := Card("echo", 4096, False), load, pause)
    for _ in range(3):
        written = await writer.write(ASKED, Sampling(), tokens=4, tenant="t")
    assert (len(tries), written.finish) == (loads, ends)
    await writer.close()
    with pytest.raises((WriterError, asyncio.CancelledError)) if ends == "failed" else nullcontext():
        await writer.ready()
    assert len(tries) == loads


async def test_takes_are_drawn_side_by_side_and_choosing_is_refused(api: Api, tmp_path: Path) -> None:
    writer = opened(api, tmp_path)
    takes = await writer.takes(ASKED, Sampling(seed=1), n=2, tokens=4, tenant="t")
    assert [take.text for take in takes] == ["Once upon a time"] * 2
    assert sorted(asked["seed"] for asked in api.asked) == [1, 2]
    with pytest.raises(WriterError, match="use a local writer"):
        await writer.choose(ASKED, ["a", "b"], tenant="t")
    assert await writer.count(["", "four", "12345678"]) == [0, 2, 3]
