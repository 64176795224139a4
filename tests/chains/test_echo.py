"""The echo writer is the double for everything above it, so what it does is a promise."""

from pathlib import Path

from chains import Message, Sampling
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
