"""The echo writer is the double for everything above it, so what it does is a promise."""

import asyncio
from pathlib import Path

import pytest

from chains import Message, Sampling
from chains.errors import WriterError
from chains.models import WriterSettings, open_writer

ASKED = [
    Message("system", "What is known:\n[1] Mara keeps the harbour. She is old.\n[2] Ilan drinks tea at night."),
    Message("user", "What does Ilan drink?"),
]


async def test_it_repeats_the_passages_it_was_given_with_their_markers(tmp_path: Path) -> None:
    writer = open_writer("echo", WriterSettings(cache=tmp_path))
    pieces: list[str] = []

    async def hear(text: str) -> None:
        pieces.append(text)

    written = await writer.write(ASKED, Sampling(), tokens=40, tenant="t", on_text=hear)
    await writer.close()
    assert written.text == "Ilan drinks tea at night [2]. Mara keeps the harbour [1]."
    assert "".join(pieces) == written.text
    assert len(pieces) == len(written.text.split())
    assert written.finish == "complete"


@pytest.fixture
def settings(tmp_path: Path) -> WriterSettings:
    return WriterSettings(cache=tmp_path)


@pytest.mark.parametrize(("fails", "text"), [("start", ""), ("after3words", "Ilan drinks tea")])
async def test_it_fails_where_its_script_says(settings: WriterSettings, fails: str, text: str) -> None:
    written = await open_writer(f"echo:fail={fails}", settings).write(ASKED, Sampling(), tokens=40, tenant="t")
    assert (written.text, written.finish) == (text, "failed")
    assert "ask again" in written.reason


async def test_it_says_what_its_script_says_and_stops_at_a_stop_string(settings: WriterSettings) -> None:
    writer = open_writer("echo:slow=0.001,say=One, two, three.", settings)
    assert (await writer.write(ASKED, Sampling(), tokens=40, tenant="t")).text == "One, two, three."
    assert (await writer.write(ASKED, Sampling(), tokens=40, tenant="t", stop=["two"])).text == "One, "
    short = await writer.write(ASKED, Sampling(), tokens=2, tenant="t")
    assert (short.text, short.finish) == ("One, two,", "length")


async def test_a_begun_answer_is_continued_and_takes_differ(settings: WriterSettings) -> None:
    writer = open_writer("echo", settings)
    begun = [*ASKED, Message("assistant", "Ilan drinks")]
    more = await writer.write(begun, Sampling(), tokens=40, tenant="t")
    assert more.text.startswith(" tea at night [2].")
    takes = await writer.takes(ASKED, Sampling(), n=4, tokens=40, tenant="t")
    assert len({take.text for take in takes}) == 2
    likely, unlikely = await writer.choose(ASKED, ["tea at night", "rum by day"], tenant="t")
    assert likely > unlikely


async def test_a_halt_ends_it(settings: WriterSettings) -> None:
    halt = asyncio.Event()

    async def hear(text: str) -> None:
        halt.set()

    writer = open_writer("echo:slow=0.01", settings)
    written = await writer.write(ASKED, Sampling(), tokens=40, tenant="t", on_text=hear, halt=halt)
    assert (written.text, written.finish) == ("Ilan", "stopped")


async def test_a_script_it_does_not_know_is_named(settings: WriterSettings) -> None:
    with pytest.raises(WriterError, match="not 'quick=1'"):
        await open_writer("echo:quick=1", settings).ready()
