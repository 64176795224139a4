"""The embedder: texts to unit vectors, over a model in its own process.

Has the methods of LangChain's Embeddings (`vectorstore.langchain` makes it one). Imports no model
library: the child does. Knows nothing of passages or of the store.
"""

import asyncio
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

from vectorstore.errors import EmbedderDown, IndexFault
from vectorstore.worker import Worker

BUNDLED = "bundled"
T = TypeVar("T")
_BATCH_TOKENS = 2048  # about 16 story passages: near full speed, and a query waits for one batch at most
_BATCH_TEXTS = 64
_TEXT_TOKENS = 256
_AHEAD = 2  # batches sent before the first is answered, so that the child never waits for the pipe


@dataclass(frozen=True, slots=True)
class Embedded:
    """A text's unit ``vector``, and its ``pieces`` as vectorstore.pieces has them: a passage's packed, a question's
    as float32 [pieces, WIDTH]; empty where the model gives none."""

    vector: list[float]
    pieces: bytes = b""


class Embedder:
    """``bundled`` (all-MiniLM-L6-v2 through OpenVINO) or ``hf:<hub id or folder>``.

    The process starts at the first call or with ``start()``; nothing is loaded here. Vectors have
    length 1. Queries overtake batches that wait. Every method raises EmbedderDown with a sentence
    when the model cannot be had.
    """

    def __init__(self, name: str = BUNDLED) -> None:
        if name != BUNDLED and not name.startswith("hf:"):
            raise EmbedderDown(f"No embedder is called {name!r}; write 'bundled' or 'hf:' and a hub id or folder.")
        self.name = name
        self._worker = Worker("embedder", _Model, name)

    @property
    def pid(self) -> int | None:
        """The process the model lives in, None while there is none."""
        return self._worker.pid

    async def start(self) -> None:
        """Load the model now, so that the first query does not wait for it."""
        await self._ask(self._worker.submit(""))

    async def close(self) -> None:
        await self._worker.close()

    async def dimension(self) -> int:
        """How many numbers a vector has; known without loading for the bundled model."""
        return 384 if self.name == BUNDLED else len(await self.aembed_query("dimension"))

    async def aembed_query(self, text: str) -> list[float]:
        return _rows(await self._ask(self._query(text)))[0]

    async def read_queries(self, texts: Sequence[str]) -> list[Embedded]:
        """Several phrasings at once, as urgent as one query; for a handful of short texts."""
        return _embedded(await self._ask(self._worker.submit("questions", list(texts), urgent=True)))

    async def read_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """What the index keeps of each text."""
        return await self._batched("passages", texts, _embedded)

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return await self._batched("encode", texts, _rows)

    def embed_query(self, text: str) -> list[float]:
        return _rows(_wait(self._query(text)))[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found: dict[int, list[float]] = {}
        for batch in batched_by_length(texts):
            found.update(zip(batch, _rows(_wait(self._send(texts, batch))), strict=True))
        return [found[place] for place in range(len(texts))]

    async def _batched(self, method: str, texts: Sequence[str], opened: Callable[[Any], list[T]]) -> list[T]:
        found: dict[int, T] = {}
        batches = batched_by_length(texts)
        sent = [(batch, self._send(texts, batch, method)) for batch in islice(batches, _AHEAD)]
        while sent:
            batch, answer = sent.pop(0)
            found.update(zip(batch, opened(await self._ask(answer)), strict=True))
            sent += [(batch, self._send(texts, batch, method)) for batch in islice(batches, 1)]
        return [found[place] for place in range(len(texts))]

    def _query(self, text: str) -> "Future[Any]":
        return self._worker.submit("encode", [text], urgent=True)

    def _send(self, texts: Sequence[str], batch: Sequence[int], method: str = "encode") -> "Future[Any]":
        return self._worker.submit(method, [texts[place] for place in batch])

    async def _ask(self, answer: "Future[Any]") -> Any:
        try:
            return await asyncio.wrap_future(answer)
        except IndexFault as fault:
            raise _down(fault) from fault


def batched_by_length(texts: Sequence[str]) -> Iterator[list[int]]:
    """Places of texts, longest first, in batches that pad little and stay within one breath."""
    # Three bytes a token is on the safe side for English and right for Chinese, without a tokenizer.
    tokens = [min(_TEXT_TOKENS, len(text.encode()) // 3 + 2) for text in texts]
    batch: list[int] = []
    for place in sorted(range(len(texts)), key=lambda place: -tokens[place]):
        if batch and (len(batch) == _BATCH_TEXTS or tokens[batch[0]] * (len(batch) + 1) > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _wait(answer: "Future[Any]") -> Any:
    try:
        return answer.result()
    except IndexFault as fault:
        raise _down(fault) from fault


def _down(fault: IndexFault) -> EmbedderDown:
    if isinstance(fault, EmbedderDown):
        return fault
    why = str(fault).rstrip(".")
    return EmbedderDown(f"The embedder does not answer ({why}); run dramaturg doctor.")


def _rows(answer: tuple[int, bytes]) -> list[list[float]]:
    width, raw = answer
    numbers = array("f", raw).tolist()
    return [numbers[start : start + width] for start in range(0, len(numbers), width)]


def _embedded(answer: tuple[int, bytes, list[bytes]]) -> list[Embedded]:
    width, raw, pieces = answer
    return [Embedded(*one) for one in zip(_rows((width, raw)), pieces, strict=True)]


class _Model:
    """What lives in the child: the model, answering in plain bytes so that the parent needs no numpy."""

    def __init__(self, name: str) -> None:
        if name == BUNDLED:
            self._model = import_module("vectorstore.minilm").MiniLM()
        else:
            self._model = import_module("vectorstore.hub").Hub(name.removeprefix("hf:"))

    def encode(self, texts: list[str]) -> tuple[int, bytes]:
        vectors = self._model.encode(texts)
        return vectors.shape[1], vectors.tobytes()

    def passages(self, texts: list[str]) -> tuple[int, bytes, list[bytes]]:
        vectors, pieces = self._model.passages(texts)
        return vectors.shape[1], vectors.tobytes(), pieces

    def questions(self, texts: list[str]) -> tuple[int, bytes, list[bytes]]:
        vectors, pieces = self._model.questions(texts)
        return vectors.shape[1], vectors.tobytes(), pieces
