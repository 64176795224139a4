"""Models: which writer a string means.

``local:<name or file.gguf>``, ``hf:<hub id or folder>``, ``echo``, and whatever LangChain's
`init_chat_model` takes. Returns at once, with what a model's files tell of its size; everything heavy is imported
while it loads, behind.
Knows nothing of prompts or of what is asked of a writer.
"""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chains.errors import WriterError
from chains.local import gguf, hint
from chains.local.wire import Spec
from chains.writer import Backend, Card, Writer

Progress = Callable[[str, float], None]

_SMALL = 3_000_000_000
"""Parameters below which a model is small: it follows a skeleton, not an instruction."""


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """``cache`` is a folder for what is prepared once. ``context`` in tokens, ``small`` and
    ``dtype`` override what the model says of itself (0, None, "": do not). ``threads`` 0 leaves it
    to the engine; ``cache_gb`` bounds the prefix cache's memory."""

    cache: Path
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    context: int = 0
    small: bool | None = None
    threads: int = 0
    cache_gb: float = 1.0
    dtype: str = ""
    timeout: float = 120.0


def open_writer(name: str, settings: WriterSettings) -> Writer:
    """Returns at once and loads behind: `Writer.ready` tells when, and what went wrong."""
    kind, _, rest = name.partition(":")
    match kind:
        case "local":
            writer = _local(name, rest, settings)
        case "hf":
            writer = _hub(name, rest, settings)
        case "echo":
            writer = _echo(name, rest, settings)
        case _:
            writer = _provider(name, settings)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return writer
    writer.begin()
    return writer


def _local(name: str, rest: str, settings: WriterSettings) -> Writer:
    # The bundled ones are small, and begin the soonest.
    known = None if rest in gguf.BUNDLED else hint.of_file(Path(rest).expanduser())
    card = _foreseen(name, known, settings, small=True)

    async def load() -> Backend:
        path = await asyncio.to_thread(_file, rest)
        head = await asyncio.to_thread(gguf.head, path)
        spec = Spec("chains.local.openvino", str(path), str(settings.cache), settings.threads, settings.cache_gb)
        small = head.parameters < _SMALL if settings.small is None else settings.small
        read = Card(name, head.context, small, prefill=True, choose=True, batch=True)
        return await _engine(spec, read, settings, writer.hear)

    writer = Writer(card, load)
    return writer


def _hub(name: str, rest: str, settings: WriterSettings) -> Writer:
    bundled = rest in gguf.BUNDLED
    card = _foreseen(name, None if bundled else hint.of_hub(rest), settings, small=bundled)

    async def load() -> Backend:
        spec = Spec(
            "chains.local.hub", rest, str(settings.cache), settings.threads, settings.cache_gb, dtype=settings.dtype
        )
        return await _engine(spec, card, settings, writer.hear)

    writer = Writer(card, load)
    return writer


def _foreseen(name: str, known: hint.Hint | None, settings: WriterSettings, *, small: bool) -> Card:
    """What is known before a model is loaded: the first message may come before that, and a large model is not
    asked as a small one. ``small`` where its files do not tell."""
    context = known.context if known else 0
    if settings.context:
        context = min(settings.context, context or settings.context)
    if settings.small is not None:
        small = settings.small
    elif known:
        small = known.parameters < _SMALL
    return Card(name, context or 2048, small, prefill=True, choose=True, batch=True)


def _echo(name: str, rest: str, settings: WriterSettings) -> Writer:
    card = Card(name, settings.context or 4096, bool(settings.small), prefill=True, choose=True, batch=True)

    async def load() -> Backend:
        echo = await _module("chains.echo")
        return Backend(chat := echo.EchoChat(script=echo.script(rest)), card, _arguments, inner=chat)

    return Writer(card, load)


def _provider(name: str, settings: WriterSettings) -> Writer:
    card = Card(name, settings.context or 16_384, bool(settings.small))

    async def load() -> Backend:
        providers = await _module("chains.providers")
        backend: Backend = providers.backend(card, settings.base_url, settings.api_key, settings.timeout)
        return backend

    return Writer(card, load)


async def _engine(spec: Spec, card: Card, settings: WriterSettings, hear: Progress) -> Backend:
    """Starts the process first and imports LangChain while it loads. ``hear`` is told how far it is."""
    process_module = importlib.import_module("chains.local.process")
    process = process_module.Process(_with_context(spec, settings.context), hear)
    try:
        loading = asyncio.ensure_future(process.ready())
        model = await _module("chains.local.model")
        said = await loading
    except BaseException:
        await process.close()
        raise
    small = said.get("parameters", 0) < _SMALL if settings.small is None and "parameters" in said else card.small
    choose, keeps = bool(said.get("choose")), bool(said.get("keeps"))
    known = Card(card.name, said["context"], small, prefill=True, choose=choose, batch=True, keeps=keeps)
    chat = model.LocalChat(process=process)
    return Backend(chat, known, _arguments, inner=chat, close=process.close)


def _with_context(spec: Spec, context: int) -> Spec:
    return Spec(spec.engine, spec.model, spec.cache, spec.threads, spec.cache_gb, context, spec.dtype, spec.device)


def _file(rest: str) -> Path:
    if rest in gguf.BUNDLED:
        path = gguf.bundled(rest)
        if path is None:
            raise WriterError(f"The bundled model {rest} is not installed: run `uv sync`, or name a GGUF file.")
        return path
    path = Path(rest).expanduser()
    if not path.is_file():
        known = ", ".join(f"local:{bundled}" for bundled in gguf.BUNDLED)
        raise WriterError(f"There is no model file {rest}: give --writer a GGUF file, or {known}.")
    return path


def _arguments(sampling: Any, tokens: int, tenant: str) -> dict[str, Any]:
    return {"sampling": sampling, "tokens": tokens, "tenant": tenant}


async def _module(name: str) -> Any:
    """Imports in a thread, so that a prompt already on the screen stays alive meanwhile."""
    return await asyncio.to_thread(importlib.import_module, name)
