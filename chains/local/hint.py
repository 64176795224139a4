"""Hint: how large a model is, told from its files before anything of it is loaded.

A few milliseconds: the heads of the files alone are read. What cannot be told is left open, and whoever loads the
model finds out and says what is wrong. Knows nothing of engines.
"""

import importlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from chains.errors import WriterError
from chains.local import gguf

_HEAD = 1 << 26  # bytes of a head; a longer one is none


@dataclass(frozen=True, slots=True)
class Hint:
    """``context`` in tokens, 0 where it is not told."""

    parameters: int
    context: int


def of_file(path: Path) -> Hint | None:
    """Of a GGUF file."""
    try:
        head = gguf.head(path)
    except WriterError:
        return None
    return Hint(head.parameters, head.context)


def of_hub(name: str) -> Hint | None:
    """Of a folder as the hub has them, or of a model of the hub that lies in its cache."""
    folder = _folder(name)
    if folder is None:
        return None
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        parameters = sum(count for file in folder.glob("*.safetensors") for count in _sizes(file))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return None
    context = config.get("max_position_embeddings")
    return Hint(parameters, context if isinstance(context, int) else 0) if parameters else None


def _folder(name: str) -> Path | None:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    try:
        hub = importlib.import_module("huggingface_hub")
        found = hub.try_to_load_from_cache(name, "config.json")
    except (ImportError, ValueError, OSError):
        return None
    return Path(found).parent if isinstance(found, str) else None


def _sizes(file: Path) -> Iterator[int]:
    """How many numbers each tensor of a safetensors file has."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _HEAD:
            raise ValueError("no head")
        head: dict[str, Any] = json.loads(stream.read(length))
    return (prod(one["shape"]) for name, one in head.items() if name != "__metadata__")
