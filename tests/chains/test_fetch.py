"""A model is brought from a hub by name, as a person asks for it, over the hub's own HTTP."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loopback.hub.server import Hub, hub

FILES = {
    "tiny/gguf": {"tiny-q4.gguf": b"GGUF" + bytes(range(256)) * 64, "README.md": b"# Tiny"},
    "tiny/weights": {
        "config.json": b'{"model_type": "llama"}',
        "model.safetensors": b"\0" * 4096,
        "pytorch_model.bin": b"pickled: never to be fetched",
        "modeling_tiny.py": b"raise SystemExit",
    },
}
Fetch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    def run(server: Hub, what: str) -> subprocess.CompletedProcess[str]:
        places = {
            "DRAMATURG_HOME": tmp_path / "home",
            "DRAMATURG_CACHE": tmp_path / "cache",
            "HF_HOME": tmp_path / "hf",
        }
        environment = {**os.environ, **{name: str(path) for name, path in places.items()}, "HF_ENDPOINT": server.url}
        environment |= {"HF_HUB_DISABLE_XET": "1", "NO_PROXY": "*", "no_proxy": "*"}
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", "models", "--fetch", what],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_one_file_comes_into_the_cache_and_is_named_as_a_writer(fetch: Fetch, tmp_path: Path) -> None:
    with hub(FILES) as server:
        done = fetch(server, "tiny/gguf:tiny-q4.gguf")
    file = tmp_path / "cache" / "hub" / "tiny" / "gguf" / "tiny-q4.gguf"
    assert done.returncode == 0, done.stderr
    assert f"--writer local:{file}" in done.stdout.replace("\n", "")
    assert file.read_bytes() == FILES["tiny/gguf"]["tiny-q4.gguf"]


def test_of_a_repository_only_weights_and_their_description_come_never_code(fetch: Fetch, tmp_path: Path) -> None:
    with hub(FILES) as server:
        done = fetch(server, "tiny/weights")
    assert done.returncode == 0, done.stderr
    assert "--writer hf:tiny/weights" in done.stdout
    fetched = {path.name for path in (tmp_path / "hf").rglob("snapshots/*/*")}
    assert fetched == {"config.json", "model.safetensors"}


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("tiny/nowhere", "The hub did not give tiny/nowhere"),
        ("tiny/gguf:other.gguf", "The hub did not give tiny/gguf:other.gguf"),
        ("not a name", "is no model id: write OWNER/NAME"),
    ],
)
def test_what_is_not_there_ends_with_one_sentence(fetch: Fetch, what: str, sentence: str) -> None:
    with hub(FILES) as server:
        done = fetch(server, what)
    assert done.returncode != 0
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
