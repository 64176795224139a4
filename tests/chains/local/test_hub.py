"""The transformers engine on a tiny model of our own, in this process and in its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import pytest_asyncio

from chains import Message, Sampling
from chains.errors import WriterError
from chains.models import WriterSettings, open_writer
from chains.writer import Writer

ASKED = [("system", "You know: Mara keeps the harbour."), ("user", "Who?")]
MESSAGES = [Message("system", ASKED[0][1]), Message("user", ASKED[1][1])]
IDS = count(1)
GREEDY = Sampling(temperature=0, seed=1)
Hub = tuple[Any, SimpleQueue[dict[str, Any]]]


@pytest.fixture(scope="module")
def hub(tiny: Path) -> Hub:
    from chains.local import hub  # noqa: PLC0415 - loads torch
    from chains.local.wire import Spec  # noqa: PLC0415

    said: SimpleQueue[dict[str, Any]] = SimpleQueue()
    return hub.load(Spec("chains.local.hub", str(tiny), "", cache_gb=0.1, dtype="float32"), said.put), said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def writer(tiny: Path) -> AsyncIterator[Writer]:
    writer = open_writer(f"hf:{tiny}", WriterSettings(cache=tiny, dtype="float32"))
    yield writer
    await writer.close()


def written(hub: Hub, *, tenant: str = "t", tokens: int = 24, takes: int = 1, **sampling: Any) -> tuple[str, Any, Any]:
    from chains.local.ask import Ask  # noqa: PLC0415

    engine, said = hub
    drawn = asdict(Sampling()) | {"temperature": 0, "seed": 1} | sampling
    engine.begin(Ask(next(IDS), ASKED, drawn, tokens, takes=takes, tenant=tenant))
    frames = []
    while sum(frame["on"] == "done" for frame in frames) < takes:
        frames.append(said.get(timeout=20))
    text = "".join(frame["text"] for frame in frames if frame["on"] == "text")
    return text, frames[0], frames[-1]


def plain(hub: Hub, tokens: int) -> str:
    """The same model asked directly, without cache, prompt lookup or stream."""
    import torch  # noqa: PLC0415

    engine, _ = hub
    ids = engine._ids(engine._render(ASKED))
    size = len(ids)
    for _ in range(tokens):
        ids.append(int(engine._model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
        if ids[-1] == 0:
            break
    return str(engine._decode(ids[size:]))


def test_what_is_streamed_is_what_the_model_says_alone(hub: Hub) -> None:
    text, _, done = written(hub, tenant="fresh")
    assert text == plain(hub, 24)
    assert done["finish"] in ("complete", "length")


def test_a_prompt_read_before_is_reused_and_changes_nothing(hub: Hub) -> None:
    first, _, _ = written(hub, tenant="again")
    again, begun, _ = written(hub, tenant="again")
    assert again == first
    assert begun["reused"] == begun["prompt"] - 1


def test_nothing_is_reused_across_tenants(hub: Hub) -> None:
    written(hub, tenant="one")
    assert written(hub, tenant="two")[1]["reused"] == 0


def test_likelihoods_are_those_of_the_whole_text_read_at_once(hub: Hub) -> None:
    import torch  # noqa: PLC0415

    engine, _ = hub
    engine._model.requires_grad_(False)
    options = ["Mara", "a very long shot", "x"]
    prompt = engine._ids(engine._render(ASKED))
    expected = []
    for option in options:
        ids = engine._ids(option)
        logits = engine._model(torch.tensor([prompt + ids]), use_cache=False).logits[0]
        likely = torch.log_softmax(logits.float(), -1)
        expected.append(
            float(torch.stack([likely[len(prompt) - 1 + at, token] for at, token in enumerate(ids)]).mean())
        )
    for _ in range(2):
        assert engine.score(ASKED, options, "s") == pytest.approx(expected, abs=1e-4)
    assert len(set(expected)) == 3


def test_the_seed_decides_what_is_drawn(hub: Hub) -> None:
    draw: Callable[[int], str] = lambda seed: written(hub, temperature=1.0, seed=seed)[0]  # noqa: E731
    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


@pytest.mark.asyncio(loop_scope="module")
async def test_takes_are_several_and_each_comes_whole(writer: Writer) -> None:
    takes = await writer.takes(MESSAGES, Sampling(temperature=1.2, seed=3), n=3, tokens=12, tenant="t")
    again = await writer.takes(MESSAGES, Sampling(temperature=1.2, seed=3), n=3, tokens=12, tenant="t")
    assert len({take.text for take in takes}) == 3
    assert [take.text for take in takes] == [take.text for take in again]
    assert all(0 < take.usage.generated <= 12 for take in takes)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_stop_ends_it_within_two_tokens(writer: Writer) -> None:
    halt = asyncio.Event()
    shown: list[str] = []

    async def hear(text: str) -> None:
        shown.append(text)
        halt.set()

    written = await writer.write(
        MESSAGES, Sampling(temperature=1.5, seed=1), tokens=150, tenant="t", on_text=hear, halt=halt
    )
    assert written.finish == "stopped"
    assert written.text == "".join(shown)
    assert len(shown) <= 3, "the word that made us stop, and two"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_begun_answer_is_continued(writer: Writer) -> None:
    whole = await writer.write(MESSAGES, GREEDY, tokens=16, tenant="t")
    begun, rest = whole.text[:3], whole.text[3:]
    more = await writer.write([*MESSAGES, Message("assistant", begun)], GREEDY, tokens=16, tenant="t")
    assert more.text.startswith(rest) or rest.startswith(more.text)
    assert more.text


@pytest.mark.asyncio(loop_scope="module")
async def test_a_prompt_that_is_too_long_is_refused_with_a_sentence(writer: Writer) -> None:
    written = await writer.write([Message("user", "word " * 100)], GREEDY, tokens=16, tenant="t")
    assert written.finish == "failed"
    assert "the model reads 256" in written.reason


@pytest.mark.asyncio(loop_scope="module")
async def test_tokens_that_steer_the_model_are_only_words_in_a_text(writer: Writer) -> None:
    await writer.ready()
    plain, tricky = await writer.count(["hello", "hello</s>"])
    assert tricky == plain + 1  # the tokenizer alone would obey
    obeyed = await writer.write([Message("user", "a</s>b")], GREEDY, tokens=1, tenant="t")
    assert obeyed.usage.prompt == len("<user>a< /s>b") + 1 + len("<assistant>")


@pytest.fixture
def mute(tiny: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny, tmp_path / "mute", ignore=shutil.ignore_patterns("*.jinja"))
    return tmp_path / "mute"


async def test_a_model_without_a_chat_template_is_named_in_a_sentence(mute: Path) -> None:
    writer = open_writer(f"hf:{mute}", WriterSettings(cache=mute))
    with pytest.raises(WriterError, match="has no chat template"):
        await writer.ready()
    await writer.close()
