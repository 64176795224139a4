"""Learning: from files to canon and sources, told as it goes on, with nothing lost on the way.

Each file is one transaction, so a crash in the middle leaves whole files behind and a second run
goes on. Knows nothing of parsing, embedding or platforms.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.events import Step
from memory import KINDS, Draft, LedgerError, Piece, Show, Source, Synced
from vectorstore.ingest import Document, Finds, Unreadable, find

Tell = Callable[[Step], Awaitable[None]]


class Reader(Protocol):
    async def read(self, path: Path) -> Document: ...


class Shows(Protocol):
    async def describe(self, tenant: str, show: str, brief: str, style: str) -> Show: ...


class Bible(Protocol):
    async def sync(self, tenant: str, show: str, origin: str, drafts: Iterable[Draft], who: str) -> Synced: ...


class Sources(Protocol):
    async def put(
        self, tenant: str, show: str, title: str, uri: str, media: str, digest: str, licence: str, pieces: Iterable[Piece]
    ) -> tuple[Source, bool]: ...


class Catalogue(Protocol):
    async def settle(self, progress: Callable[[int, int], Awaitable[None]] | None = None) -> int: ...


@dataclass(slots=True)
class Learned:
    """What one run did. ``passages`` counts those of changed files, ``seconds`` reading and indexing."""

    entries: int = 0
    sources: int = 0
    unchanged: int = 0
    passages: int = 0
    seconds: float = 0.0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)


class Learning:
    def __init__(self, reader: Reader, shows: Shows, bible: Bible, sources: Sources, catalogue: Catalogue) -> None:
        self._reader = reader
        self._shows = shows
        self._bible = bible
        self._sources = sources
        self._catalogue = catalogue

    async def learn(
        self, show: Show, paths: Sequence[Path], who: str, tell: Tell, halt: asyncio.Event | None = None
    ) -> Learned:
        """Learn all files below ``paths`` for ``show``. A file that cannot be read is named and skipped."""
        began = time.perf_counter()
        done = Learned()
        finds: Finds = await asyncio.to_thread(find, paths)
        done.skipped += [(str(skip.path), skip.reason) for skip in finds.skipped if skip.reason != "it is hidden"]
        for number, path in enumerate(finds.files):
            if halt is not None and halt.is_set():
                done.skipped.append((f"{len(finds.files) - number} more files", "stopped"))
                break
            await tell(Step("learn", f"Reading {path.name}", "running", number, len(finds.files)))
            await self._file(show, path, who, done)
        await tell(Step("learn", f"Read {len(finds.files)} files", "done", len(finds.files), len(finds.files)))
        await self._index(tell)
        done.seconds = time.perf_counter() - began
        return done

    async def _file(self, show: Show, path: Path, who: str, done: Learned) -> None:
        try:
            document = await self._reader.read(path)
            await self._keep(show, document, who, done)
        except Unreadable as error:
            done.skipped.append((str(path), error.reason))
        except LedgerError as error:
            done.skipped.append((str(path), str(error)))
        else:
            done.remarks += [(path.name, remark) for remark in document.remarks]

    async def _keep(self, show: Show, document: Document, who: str, done: Learned) -> None:
        if _is_front_page(document.meta):
            await self._shows.describe(
                show.tenant, show.id, _text(document.meta, "brief"), _text(document.meta, "style")
            )
        draft = _draft(document)
        if draft is not None:
            synced = await self._bible.sync(show.tenant, show.id, document.uri, [draft], who)
            changed = synced.new + synced.changed
            done.entries += changed
            done.passages += len(document.chunks) if changed else 0
            done.unchanged += synced.unchanged
            return
        pieces = [
            Piece(chunk.order, chunk.text, chunk.path, chunk.page, chunk.speaker, chunk.date) for chunk in document.chunks
        ]
        licence = document.licence
        _, changed_source = await self._sources.put(
            show.tenant, show.id, document.title, document.uri, document.media, document.digest, licence, pieces
        )
        done.sources += changed_source
        done.unchanged += not changed_source
        done.passages += len(pieces) if changed_source else 0

    async def _index(self, tell: Tell) -> None:
        async def progress(worked: int, total: int) -> None:
            await tell(Step("index", "Indexing", "running", worked, total))

        worked = await self._catalogue.settle(progress)
        if worked:
            await tell(Step("index", "Indexed", "done", worked, worked))


def _is_front_page(meta: Mapping[str, object]) -> bool:
    """A show bible's front page names the show and says in a few words what it is."""
    return "name" in meta and "kind" not in meta and ("brief" in meta or "style" in meta)


def _draft(document: Document) -> Draft | None:
    """The canon entry a bible file holds: front-matter with a name and one of the kinds."""
    meta = document.meta
    kind, name = _text(meta, "kind").casefold(), _text(meta, "name")
    if kind not in KINDS or not name or not document.body.strip():
        return None
    return Draft(
        kind=kind,
        name=name,
        text=document.body.strip(),
        aliases=_list(meta, "aliases"),
        tags=_list(meta, "tags"),
        starts=_text(meta, "from"),
        ends=_text(meta, "until"),
        origin=document.uri,
    )


def _text(meta: Mapping[str, object], key: str) -> str:
    value = meta.get(key)
    return "" if value is None else " ".join(str(value).split())


def _list(meta: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = meta.get(key)
    many = value if isinstance(value, list | tuple) else str(value).split(",") if value else []
    return tuple(text for item in many if (text := str(item).strip()))


def summary(done: Learned) -> str:
    """What was learned and what was not, as Markdown."""
    rate = f", {done.passages / done.seconds:.0f} passages a second" if done.passages and done.seconds else ""
    parts = [
        f"{done.entries} canon entries" if done.entries else "",
        f"{done.sources} sources" if done.sources else "",
        f"{done.passages} passages in {done.seconds:.1f} s{rate}" if done.passages else "",
        f"{done.unchanged} unchanged" if done.unchanged else "",
    ]
    head = "Learned: " + ", ".join(part for part in parts if part) + "." if any(parts) else "Nothing was learned."
    rows = [f"- skipped {name}: {reason}" for name, reason in done.skipped]
    rows += [f"- {name}: {remark}" for name, remark in done.remarks]
    return "\n".join([head, *(["", *rows] if rows else [])])
