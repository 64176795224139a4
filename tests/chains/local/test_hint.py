"""A large model is known to be one before it is loaded: its first page is asked for as all that follow."""

import json
import struct
from pathlib import Path

import pytest

from chains.models import WriterSettings, open_writer

HUGE, SMALL = (65_536, 65_536), (256, 256)


def gguf(path: Path, shape: tuple[int, ...], context: int = 32_768) -> str:
    """The head of a model's file: what it says of itself and the table of its tensors, and not one number."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    says = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    says += text("llama.context_length") + struct.pack("<II", 4, context)
    tensor = text("output.weight") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, 0)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + says + tensor)
    return f"local:{path}"


def hub(folder: Path, shape: tuple[int, ...], context: int = 32_768) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": context}))
    head = json.dumps({"__metadata__": {}, "output.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}})
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head.encode())
    return f"hf:{folder}"


@pytest.mark.parametrize(("shape", "small"), [(HUGE, False), (SMALL, True)])
def test_a_models_size_and_context_are_known_before_it_is_loaded(
    tmp_path: Path, shape: tuple[int, ...], small: bool
) -> None:
    settings = WriterSettings(cache=tmp_path)
    for name in (gguf(tmp_path / "model.gguf", shape), hub(tmp_path / "model", shape)):
        card = open_writer(name, settings).card
        assert (card.small, card.context) == (small, 32_768)


def test_what_the_settings_say_of_a_model_comes_before_what_it_says(tmp_path: Path) -> None:
    settings = WriterSettings(cache=tmp_path, context=4096, small=True)
    for name in (gguf(tmp_path / "model.gguf", HUGE), hub(tmp_path / "model", HUGE)):
        card = open_writer(name, settings).card
        assert (card.small, card.context) == (True, 4096)
    assert open_writer(gguf(tmp_path / "short.gguf", SMALL, 512), settings).card.context == 512


@pytest.mark.parametrize(
    "head",
    [b"", b"GGUF", struct.pack("<Q", 1 << 40), struct.pack("<Q", 9) + b'["shape"]', struct.pack("<Q", 8) + b'{"a":{}}'],
)
def test_a_broken_file_is_left_to_whoever_loads_it(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "model.gguf").write_bytes(head)
    hub(tmp_path / "model", SMALL)
    (tmp_path / "model" / "model.safetensors").write_bytes(head)
    settings = WriterSettings(cache=tmp_path)
    assert open_writer(f"local:{tmp_path / 'model.gguf'}", settings).card.small
    assert not open_writer(f"hf:{tmp_path / 'model'}", settings).card.small
    assert not open_writer("hf:nobody/has-this-here", settings).card.small
