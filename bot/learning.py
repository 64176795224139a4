"""Learning: from files to canon and sources, told as it goes on, with nothing lost on the way.

Each file is one transaction, so a crash in the middle leaves whole files behind and a second run
goes on. Knows nothing of parsing, embedding or platforms.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bot.bible import BibleFiles, drafted, stated, text_of, unkind
from bot.events import Step
from memory import Draft, LedgerError, Piece, Show, Source, Status
from vectorstore.ingest import Document, Finds, Unreadable, find

Tell = Callable[[Step], Awaitable[None]]


class Reader(Protocol):
    async def digest(self, path: Path) -> str: ...

    async def read(self, path: Path) -> Document: ...


class Shows(Protocol):
    async def describe(self, tenant: str, show: str, brief: str, style: str) -> Show: ...


class Sources(Protocol):
    async def find(self, tenant: str, show: str, what: str) -> tuple[Source, ...]: ...

    async def forget(self, tenant: str, show: str, source: str) -> Source: ...

    async def put(
        self,
        tenant: str,
        show: str,
        title: str,
        uri: str,
        media: str,
        digest: str,
        licence: str,
        pieces: Iterable[Piece],
    ) -> tuple[Source, bool]: ...


class Catalogue(Protocol):
    async def settle(self, progress: Callable[[int, int], Awaitable[None]] | None = None) -> int: ...


@dataclass(slots=True)
class Learned:
    """What one run did. ``aside`` of the entries were kept and are not in force (proposed, rejected,
    retired), ``proposed`` of them since others decide; ``passages`` counts those of changed files, ``seconds`` reading and indexing."""

    entries: int = 0
    aside: int = 0
    proposed: int = 0
    sources: int = 0
    unchanged: int = 0
    passages: int = 0
    seconds: float = 0.0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)


class Learning:
    def __init__(self, reader: Reader, shows: Shows, bible: BibleFiles, sources: Sources, catalogue: Catalogue) -> None:
        self._reader = reader
        self._shows = shows
        self._bible = bible
        self._sources = sources
        self._catalogue = catalogue

    async def learn(
        self,
        show: Show,
        paths: Sequence[Path],
        who: str,
        tell: Tell,
        halt: asyncio.Event | None = None,
        uris: Mapping[Path, str] | None = None,
        *,
        decides: bool = True,
    ) -> Learned:
        """Learn all files below ``paths`` for ``show``. A file that cannot be read is named and skipped. ``uris``
        says what those are known as that lie where they lie for a moment only. Of who does not decide about canon,
        documents are learned and entries proposed, and nothing else changes."""
        began = time.perf_counter()
        done, uris = Learned(), uris or {}
        finds: Finds = await asyncio.to_thread(find, paths)
        passed = [skip for skip in finds.skipped if skip.reason != "it is hidden"]
        done.skipped += [(_called(skip.path, uris.get(skip.path, "")), skip.reason) for skip in passed]
        indexing: asyncio.Task[int] | None = None
        for number, path in enumerate(finds.files):
            if halt is not None and halt.is_set():
                done.skipped.append((f"{len(finds.files) - number} more files", "stopped"))
                break
            await tell(Step("learn", f"Reading {path.name}", "running", number, len(finds.files)))
            await self._file(show, path, uris.get(path, ""), who, done, decides)
            if indexing is None or indexing.done():
                # Reading and embedding are different processes' work: they go on side by side.
                indexing = asyncio.create_task(self._catalogue.settle())
        await tell(Step("learn", f"Read {len(finds.files)} files", "done", len(finds.files), len(finds.files)))
        if indexing is not None:
            await asyncio.gather(indexing, return_exceptions=True)  # what it met, the last run meets again
        await self._index(tell, done)
        done.seconds = time.perf_counter() - began
        return done

    async def _file(self, show: Show, path: Path, uri: str, who: str, done: Learned, decides: bool) -> None:
        try:
            if await self._known(show, path, uri or path.resolve().as_uri()):
                done.unchanged += 1
                return
            document = await self._reader.read(path)
            document = replace(document, uri=uri) if uri else document
            await (self._keep if decides else self._propose)(show, document, who, done)
        except Unreadable as error:
            done.skipped.append((_called(path, uri), error.reason))
        except LedgerError as error:
            done.skipped.append((_called(path, uri), str(error)))
        else:
            done.remarks += [(path.name, remark) for remark in document.remarks]

    async def _known(self, show: Show, path: Path, uri: str) -> bool:
        """Whether the file is a source as it stands: then nobody need parse it again."""
        known = [one for one in await self._sources.find(show.tenant, show.id, uri) if one.uri == uri]
        return bool(known) and known[0].digest == await self._reader.digest(path)

    async def _keep(self, show: Show, document: Document, who: str, done: Learned) -> None:
        if _is_front_page(document.meta):
            await self._shows.describe(
                show.tenant, show.id, text_of(document.meta, "brief"), text_of(document.meta, "style")
            )
        draft = drafted(document)
        if draft is None:
            await self._bible.withdraw(show, document.uri, who)
            await self._as_source(show, document, done)
        else:
            await self._as_entry(show, document, draft, who, done)

    async def _propose(self, show: Show, document: Document, who: str, done: Learned) -> None:
        """The file of somebody who does not decide about canon."""
        if _is_front_page(document.meta):
            done.skipped.append((Path(document.uri).name, "others decide what the show is; `/settings` says who"))
        elif (draft := drafted(document)) is None:
            await self._as_source(show, document, done)
        else:
            changed = await self._bible.propose(show, draft, who)
            done.entries += changed
            done.aside += changed
            done.proposed += changed
            done.unchanged += not changed
            done.passages += len(document.chunks) if changed else 0

    async def _as_source(self, show: Show, document: Document, done: Learned) -> None:
        doubt = unkind(document.meta)
        done.remarks += [(Path(document.uri).name, doubt)] if doubt else []
        pieces = [
            Piece(chunk.order, chunk.text, chunk.path, chunk.page, chunk.speaker, chunk.date)
            for chunk in document.chunks
        ]
        licence = document.licence
        _, changed = await self._sources.put(
            show.tenant, show.id, document.title, document.uri, document.media, document.digest, licence, pieces
        )
        done.sources += changed
        done.unchanged += not changed
        done.passages += len(pieces) if changed else 0

    async def _as_entry(self, show: Show, document: Document, draft: Draft, who: str, done: Learned) -> None:
        for source in await self._sources.find(show.tenant, show.id, document.uri):
            if source.uri == document.uri:
                await self._sources.forget(show.tenant, show.id, source.id)
        status, doubt = stated(document.meta)
        done.remarks += [(Path(document.uri).name, doubt)] if doubt else []
        changed = await self._bible.keep(show, draft, status, who)
        done.entries += changed
        done.aside += changed and status is not Status.ACCEPTED
        done.unchanged += not changed
        done.passages += len(document.chunks) if changed else 0

    async def _index(self, tell: Tell, done: Learned) -> None:
        async def progress(worked: int, total: int) -> None:
            await tell(Step("index", "Indexing", "running", worked, total))

        await self._catalogue.settle(progress)
        if done.passages:
            await tell(Step("index", "Indexed", "done", done.passages, done.passages))


def _called(path: Path, uri: str) -> str:
    """As people know it: where it lies for a moment says nothing to them."""
    return path.name if uri else str(path)


def _is_front_page(meta: Mapping[str, object]) -> bool:
    """A show bible's front page names the show and says in a few words what it is."""
    return "name" in meta and "kind" not in meta and ("brief" in meta or "style" in meta)


def summary(done: Learned) -> str:
    """What was learned and what was not, as Markdown."""
    rate = f", {done.passages / done.seconds:.0f} passages a second" if done.passages and done.seconds else ""
    parts = [
        _some(done.entries - done.aside, "canon entry", "canon entries"),
        f"{done.aside} kept apart as not accepted" if done.aside else "",
        _some(done.sources, "source", "sources"),
        f"{many(done.passages, 'passage', 'passages')} in {done.seconds:.1f} s{rate}" if done.passages else "",
        f"{done.unchanged} unchanged" if done.unchanged else "",
    ]
    head = "Learned: " + ", ".join(part for part in parts if part) + "." if any(parts) else "Nothing was learned."
    rows = [f"- skipped {name}: {reason}" for name, reason in done.skipped]
    rows += [f"- {name}: {remark}" for name, remark in done.remarks]
    if done.proposed:
        rows.append(
            "- others decide what becomes canon of this show: one of them, whom `/settings` names, accepts it with "
            "`/canon accept NAME`"
        )
    return "\n".join([head, *(["", *rows] if rows else [])])


def many(count: int, one: str, more: str) -> str:
    """*1 source*, *2 sources*."""
    return f"{count} {one if count == 1 else more}"


def _some(count: int, one: str, more: str) -> str:
    return many(count, one, more) if count > 0 else ""
