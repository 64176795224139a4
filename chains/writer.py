"""Writer: any LangChain chat model as a stream of text with its usage.

Knows nothing of which model it is, of prompts' content, or of platforms.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chains.errors import WriterError
from chains.format import Sampling
from chains.message import Message
from chains.stream import Incoming, since, until
from chains.written import Usage, Written

PAUSE = 5.0
"""Seconds after a model could not be loaded in which whoever asks is told why; who asks later begins it anew."""

OnText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a writer: its name (the ``--writer`` string), its context in tokens, whether
    it is small (formats then use their skeleton), and whether it can ``continue`` an assistant
    message, pick by likelihood (``choose``), draw several takes at once (``batch``), and need not read
    again what it has read as another prompt's beginning (``keeps``)."""

    name: str
    context: int
    small: bool
    prefill: bool = False
    choose: bool = False
    batch: bool = False
    keeps: bool = False


class Chat(Protocol):
    """A LangChain chat model, as far as it is used here."""

    def astream(self, input: Any, /, *, stop: list[str] | None = None, **kwargs: Any) -> AsyncIterator[Any]: ...  # noqa: A002


class Inner(Protocol):
    """What a model of our own does beyond LangChain's chat models."""

    async def takes(
        self, messages: Sequence[Message], sampling: Sampling, *, n: int, tokens: int, stop: Sequence[str], tenant: str
    ) -> list[Written]: ...

    async def scores(self, messages: Sequence[Message], options: Sequence[str], tenant: str) -> list[float]: ...

    async def count(self, texts: Sequence[str]) -> list[int]: ...


async def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Backend:
    """A loaded model and what the writer must know of it. ``arguments`` turns sampling, token bound
    and tenant into the call's arguments; ``explain`` makes a sentence of a ``mishap``, an error that
    is the model's and not the program's. ``tells_end`` says that a whole answer tells why it ended."""

    chat: Chat
    card: Card
    arguments: Callable[[Sampling, int, str], dict[str, Any]]
    mishaps: tuple[type[Exception], ...] = (WriterError,)
    explain: Callable[[Exception], str] = str
    inner: Inner | None = None
    tells_end: bool = True
    close: Callable[[], Awaitable[None]] = _nothing


class Writer:
    """One model, for all conversations at once. Belongs to one event loop.

    ``card`` is what is known before the model is loaded; after `ready` it is exact."""

    def __init__(self, card: Card, load: Callable[[], Awaitable[Backend]], pause: float = PAUSE) -> None:
        self.card = card
        self._load = load
        self._pause = pause
        self._ended = 0.0
        self._doing = ""
        self._loading: asyncio.Task[Backend] | None = None
        self._asked = 0
        self._reading: asyncio.Event | None = None

    def begin(self) -> None:
        """Starts loading behind, and once more a while after it failed. Needs a running event loop; `ready` does it
        otherwise."""
        if self._loading is None or (_failed(self._loading) and time.monotonic() >= self._ended + self._pause):
            self._loading = asyncio.create_task(self._open(), name=f"load {self.card.name}")

    @property
    def doing(self) -> str:
        """What loading says it is at, with the share done; "" where it says nothing."""
        return "" if self._loading is None or self._loading.done() else self._doing

    def hear(self, say: str, share: float) -> None:
        """Loading tells how far it is, 0 to 1."""
        self._doing = f"{say}, {share:.0%}" if 0 < share < 1 else say

    async def ready(self) -> None:
        """Returns when the model is loaded. Raises WriterError with a sentence where it cannot be."""
        await self._backend()

    async def write(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        tokens: int,
        stop: Sequence[str] = (),
        tenant: str,
        on_text: OnText | None = None,
        halt: asyncio.Event | None = None,
    ) -> Written:
        """Writes an answer, or continues a last message of role assistant where the card says
        ``prefill``. ``on_text`` gets the text piece by piece; ``halt`` stops it within two tokens.

        Whatever goes wrong with the model ends the answer as ``failed`` with a sentence, never in
        an exception; what ``on_text`` raises stops the writing and is passed on."""
        with self._first():
            return await self._write(messages, sampling, tokens, stop, tenant, on_text, halt)

    async def read(self, messages: Sequence[Message], *, tenant: str) -> None:
        """Reads beforehand what a coming prompt begins with, all but its last message. Only where that stays read
        and nobody waits for the model; whoever asks for something ends it. Never raises for what the model does."""
        if not self.card.keeps or self._asked or self._reading is not None:
            return
        self._reading = asyncio.Event()
        opened = [*messages[:-1], Message("user", "")]
        try:
            await self._write(opened, Sampling(temperature=0), 1, (), tenant, None, self._reading)
        finally:
            self._reading = None

    @contextmanager
    def _first(self) -> Iterator[None]:
        """A person waits: what is read beforehand stops."""
        self._asked += 1
        if self._reading is not None:
            self._reading.set()
        try:
            yield
        finally:
            self._asked -= 1

    async def _write(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        tokens: int,
        stop: Sequence[str],
        tenant: str,
        on_text: OnText | None,
        halt: asyncio.Event | None,
    ) -> Written:
        draft = Incoming()
        try:
            backend = await self._unless(halt)
        except WriterError as error:
            return draft.end("failed", str(error))
        if backend is None:
            return draft.end("stopped")
        pairs = [(message.role, message.text) for message in messages]
        arguments = backend.arguments(sampling, tokens, tenant)
        try:
            stream = backend.chat.astream(pairs, stop=list(stop) or None, **arguments)
            async with aclosing(until(stream, halt)) as chunks:
                async for chunk in chunks:
                    text = draft.add(chunk)
                    if text and on_text is not None:
                        await on_text(text)
        except backend.mishaps as error:
            return draft.end("failed", backend.explain(error))
        if draft.finish is None and halt is not None and halt.is_set():
            return draft.end("stopped")
        if draft.finish is None and backend.tells_end:
            return draft.end("failed", f"The answer of {self.card.name} broke off before its end: ask again.")
        return draft.end(draft.finish or "complete")

    async def takes(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        n: int,
        tokens: int,
        stop: Sequence[str] = (),
        tenant: str,
    ) -> list[Written]:
        """``n`` answers to one prompt: drawn together where the card says ``batch``, else side by
        side. With a seed, take k is drawn with another one each, and again the same each time."""
        began = time.perf_counter()
        try:
            backend = await self._backend()
            if backend.inner is None:
                return await self._side_by_side(messages, sampling, n=n, tokens=tokens, stop=stop, tenant=tenant)
            with self._first():
                drawn = await backend.inner.takes(messages, sampling, n=n, tokens=tokens, stop=stop, tenant=tenant)
        except WriterError as error:
            return [Written("", "failed", Usage(total_ms=since(began)), str(error))] * n
        return [replace(take, usage=replace(take.usage, total_ms=since(began))) for take in drawn]

    async def choose(self, messages: Sequence[Message], options: Sequence[str], *, tenant: str) -> list[float]:
        """How likely each option is as the continuation: the mean of its tokens' log-likelihoods,
        in nats. Raises WriterError where the card says it cannot."""
        backend = await self._backend()
        if backend.inner is None or not backend.card.choose:
            raise WriterError(f"{self.card.name} cannot pick by likelihood: use a local writer for that.")
        with self._first():
            return await backend.inner.scores(messages, options, tenant)

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text: exact for local models. Other models' tokenizers are not at hand:
        then one token for 3.5 bytes of UTF-8, rounded up, which is rather too many than too few."""
        backend = await self._backend()
        if backend.inner is not None:
            return await backend.inner.count(texts)
        return [math.ceil(len(text.encode("utf-8", "replace")) / 3.5) for text in texts]

    async def close(self) -> None:
        """Ends the model's process, and what it is writing. The writer is done with then."""
        if self._loading is None:
            return
        if not self._loading.done():
            self._loading.cancel()
        (backend,) = await asyncio.gather(self._loading, return_exceptions=True)
        if isinstance(backend, Backend):
            await backend.close()

    async def _backend(self) -> Backend:
        self.begin()
        assert self._loading is not None
        return await asyncio.shield(self._loading)

    async def _unless(self, halt: asyncio.Event | None) -> Backend | None:
        """The loaded model; None where somebody says stop while it loads."""
        loaded = self._loading is not None and self._loading.done()
        if halt is None or loaded:
            return await self._backend()
        loading, told = asyncio.ensure_future(self._backend()), asyncio.ensure_future(halt.wait())
        try:
            await asyncio.wait({loading, told}, return_when=asyncio.FIRST_COMPLETED)
            return loading.result() if loading.done() else None
        finally:
            for task in (loading, told):
                task.cancel()

    async def _open(self) -> Backend:
        try:
            backend = await self._load()
        finally:
            self._ended = time.monotonic()
        self.card = backend.card
        return backend

    async def _side_by_side(
        self, messages: Sequence[Message], sampling: Sampling, *, n: int, tokens: int, stop: Sequence[str], tenant: str
    ) -> list[Written]:
        seeds = [None if sampling.seed is None else sampling.seed + take for take in range(n)]
        return await asyncio.gather(
            *(
                self.write(messages, replace(sampling, seed=seed), tokens=tokens, stop=stop, tenant=tenant)
                for seed in seeds
            )
        )


def _failed(loading: "asyncio.Task[Backend]") -> bool:
    """One that was given up is not begun anew: the writer is closed."""
    return loading.done() and not loading.cancelled() and loading.exception() is not None
