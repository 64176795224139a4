"""The life of an engine's process, with an engine that takes no time to load."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chains.errors import EngineLost, WriterError
from chains.format import Sampling
from chains.local.model import LocalChat
from chains.local.process import Process
from chains.local.wire import Spec
from chains.models import WriterSettings
from chains.prompt import Message
from chains.writer import Backend, Card, Writer

ENGINE = """
    import os, pathlib, signal, time
    from chains.errors import WriterError

    class Engine:
        def __init__(self, folder):
            self.folder, self.runs = folder, {}
        @property
        def busy(self):
            return bool(self.runs)
        def card(self):
            return {"context": 64, "choose": False}
        def begin(self, ask):
            if ask.messages[-1][1] == "refuse":
                raise WriterError("No, says the engine: ask something else.")
            self.runs[ask.id] = [ask, 0]
            return [{"on": "begun", "id": ask.id, "prompt": 3, "reused": 0}]
        def stop(self, request):
            run = self.runs.pop(request, None)
            (self.folder / f"stopped-{request}").touch()
            return [] if run is None else [done(request, "stopped", run[1])]
        def step(self):
            time.sleep(0.005)
            frames = []
            for request, (ask, n) in list(self.runs.items()):
                self.die(ask, n)
                self.runs[request][1] += 1
                frames.append({"on": "text", "id": request, "take": 0, "text": f"{n} ", "tokens": 1})
                if n + 1 >= ask.tokens:
                    self.runs.pop(request)
                    frames.append(done(request, "length", n + 1))
            return frames
        def die(self, ask, n):
            said, _, when = ask.messages[-1][1].partition(" ")
            if said == "die" and n == int(when) or said == "die-once" and not (self.folder / "died").exists():
                (self.folder / "died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        def count(self, texts):
            return [len(text) for text in texts]

    def done(request, finish, generated):
        return {"on": "done", "id": request, "take": 0, "finish": finish, "reason": "", "tokens": 0,
                "generated": generated}

    def load(spec, send):
        print("a native library chatters on standard output")
        os.write(1, b"and past Python's own")
        send({"on": "progress", "say": "loading", "share": 0.5})
        if spec.model == "bad":
            raise WriterError("This model is bad: take another.")
        if spec.model == "deadly":
            os.write(2, b"out of luck\\n")
            os._exit(9)
        if spec.model in ("bars", "endless"):
            bar = b"\\r 50% of it" if spec.model == "bars" else b"="
            for _ in range(2 ** 18 // len(bar)):
                os.write(2, bar)
            os.write(2, b"\\rthe end")
            os._exit(9)
        return Engine(pathlib.Path(spec.cache))
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "scripted_engine.py").write_text(textwrap.dedent(ENGINE))
    monkeypatch.syspath_prepend(str(tmp_path))
    return "scripted_engine"


@pytest.fixture
async def process(engine: str, tmp_path: Path) -> AsyncIterator[Process]:
    process = Process(Spec(engine, "good", str(tmp_path)))
    yield process
    await process.close()


@pytest.fixture
def writer(process: Process) -> Writer:
    async def load() -> Backend:
        await process.ready()
        chat = LocalChat(process=process)
        return Backend(chat, Card("scripted", 64, True), arguments, inner=chat)

    return Writer(Card("scripted", 64, True), load)


def arguments(sampling: Sampling, tokens: int, tenant: str) -> dict[str, object]:
    return {"sampling": sampling, "tokens": tokens, "tenant": tenant}


async def ask(writer: Writer, text: str, tokens: int = 5) -> str:
    written = await writer.write([Message("user", text)], Sampling(), tokens=tokens, tenant="t")
    return f"{written.text}{written.finish} {written.reason}".strip()


async def appears(path: Path) -> bool:
    for _ in range(1000):
        if await asyncio.to_thread(path.exists):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_what_native_code_prints_does_not_disturb_the_frames(writer: Writer) -> None:
    assert await ask(writer, "hello") == "0 1 2 3 4 length"


async def test_a_refusal_is_the_sentence_of_a_failed_answer(writer: Writer) -> None:
    assert await ask(writer, "refuse") == "failed No, says the engine: ask something else."


async def test_requests_run_side_by_side_and_keep_their_own_words(writer: Writer) -> None:
    answers = await asyncio.gather(*(ask(writer, "hello", n) for n in (3, 9, 5, 1)))
    assert answers == [" ".join(map(str, range(n))) + " length" for n in (3, 9, 5, 1)]


async def test_a_death_before_the_first_word_is_not_noticed(writer: Writer, tmp_path: Path) -> None:
    assert await ask(writer, "die-once") == "0 1 2 3 4 length"
    assert (tmp_path / "died").exists()


async def test_a_second_death_before_the_first_word_fails_the_answer(writer: Writer) -> None:
    assert (await ask(writer, "die 0")).startswith("failed The local model's process died")


async def test_a_death_in_mid_answer_keeps_the_words_and_says_so(writer: Writer) -> None:
    answer = await ask(writer, "die 3")
    assert answer.startswith("0 1 2 failed The local model's process died")
    assert await ask(writer, "hello") == "0 1 2 3 4 length"


async def test_the_engine_comes_back_after_kill_9(process: Process, writer: Writer) -> None:
    await writer.ready()
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await ask(writer, "hello") == "0 1 2 3 4 length"
    assert process.pid not in (None, first)


async def test_a_halt_ends_the_answer_and_reaches_the_engine(writer: Writer, tmp_path: Path) -> None:
    halt = asyncio.Event()
    shown: list[str] = []

    async def hear(text: str) -> None:
        shown.append(text)
        if len(shown) == 3:
            halt.set()

    written = await writer.write([Message("user", "go")], Sampling(), tokens=4000, tenant="t", on_text=hear, halt=halt)
    assert (written.text, written.finish) == ("0 1 2 ", "stopped")
    assert written.usage.generated == 3
    assert await appears(tmp_path / "stopped-1")


async def test_a_surface_that_breaks_stops_the_engine_and_gets_its_own_error(writer: Writer, tmp_path: Path) -> None:
    async def hear(text: str) -> None:
        raise KeyError("surface")

    with pytest.raises(KeyError, match="surface"):
        await writer.write([Message("user", "go")], Sampling(), tokens=4000, tenant="t", on_text=hear)
    assert await appears(tmp_path / "stopped-1")


async def test_a_model_that_cannot_be_loaded_says_why(engine: str, tmp_path: Path) -> None:
    process = Process(Spec(engine, "bad", str(tmp_path)))
    with pytest.raises(WriterError, match="This model is bad"):
        await process.ready()
    await process.close()


async def test_an_engine_that_only_dies_is_given_up_with_its_last_words(engine: str, tmp_path: Path) -> None:
    process = Process(Spec(engine, "deadly", str(tmp_path)))
    with pytest.raises(WriterError, match=r"dies while loading .*out of luck"):
        await process.ready()
    await process.close()


@pytest.mark.parametrize("model", ["bars", "endless"])
async def test_an_engine_may_draw_bars_that_end_no_line(engine: str, tmp_path: Path, model: str) -> None:
    process = Process(Spec(engine, model, str(tmp_path)))
    with pytest.raises(WriterError, match=r"dies while loading .*the end\)"):
        await asyncio.wait_for(process.ready(), 20)
    await process.close()


async def test_whoever_waits_hears_that_no_process_can_be_started(engine: str, tmp_path: Path) -> None:
    process = Process(Spec(engine, "longer than a command may be" * 10_000, str(tmp_path)))
    with pytest.raises(WriterError, match="cannot be started"):
        await asyncio.wait_for(process.ready(), 20)
    await process.close()


async def test_closing_ends_the_process_and_what_it_was_writing(process: Process) -> None:
    fields = {"messages": [["user", "go"]], "sampling": {}, "tokens": 4000, "stop": [], "takes": 1, "tenant": ""}
    frames = process.exchange("write", **fields)
    assert (await anext(frames))["on"] == "begun"
    pid = process.pid
    assert pid is not None
    await process.close()
    with pytest.raises(EngineLost):
        async for _ in frames:
            pass
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_no_engine_outlives_a_program_that_was_killed(engine: str, tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import asyncio, sys
        sys.path.insert(0, {str(tmp_path)!r})
        from chains.local.process import Process
        from chains.local.wire import Spec
        async def main():
            process = Process(Spec({engine!r}, "good", {str(tmp_path)!r}))
            await process.ready()
            print(process.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_the_prompt_can_stand_before_anything_heavy_is_loaded() -> None:
    program = (
        "import sys, chains.models; print([m for m in ('torch', 'openvino', 'langchain_core') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert WriterSettings(cache=Path("x"), api_key="sesame").__repr__().count("sesame") == 0
