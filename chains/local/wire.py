"""Wire: what a program and its engine say to each other over a pipe.

Frames of four bytes of length and JSON: no pickle, so neither side can be made to run anything.
Knows nothing of processes or of engines.
"""

import json
import struct
from asyncio import IncompleteReadError, StreamReader
from dataclasses import dataclass
from typing import Any, BinaryIO

Frame = dict[str, Any]
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Spec:
    """What a child loads. ``engine`` is the module that holds it, ``model`` a file, folder or hub
    id; ``threads`` 0 leaves it to the engine; ``cache_gb`` bounds the prefix cache; ``dtype`` and
    ``device`` "" choose by machine; ``context`` 0 takes the model's own, in tokens."""

    engine: str
    model: str
    cache: str
    threads: int = 0
    cache_gb: float = 1.0
    context: int = 0
    dtype: str = ""
    device: str = ""


def pack(frame: Frame) -> bytes:
    body = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(body)) + body


def unpack(body: bytes) -> Frame:
    frame: Frame = json.loads(body.decode("utf-8", "surrogatepass"))
    return frame


async def receive(reader: StreamReader) -> Frame | None:
    """The next frame, or None when the other side is gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return unpack(await reader.readexactly(length))
    except (IncompleteReadError, ConnectionError):
        return None


def read(stream: BinaryIO) -> Frame | None:
    """As `receive`, for the side that may block."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return unpack(body) if len(body) == length else None
