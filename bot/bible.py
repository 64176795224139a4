"""Bible files: how a document with front-matter becomes a canon entry, and what its status makes of it.

A file speaks for itself only: it takes back its own word and never what the room decided. Knows
nothing of reading files, of sources or of the index.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from memory import KINDS, Decision, Draft, Entry, Show, Status, Synced, fold
from vectorstore.ingest import Document


class Bible(Protocol):
    async def sync(self, tenant: str, show: str, origin: str, drafts: Iterable[Draft], who: str) -> Synced: ...


class Canon(Protocol):
    async def find(self, tenant: str, show: str, name: str) -> tuple[Entry, ...]: ...

    async def decisions(self, tenant: str, show: str, entry: str) -> tuple[Decision, ...]: ...

    async def add(self, tenant: str, show: str, draft: Draft, who: str, status: Status = ...) -> Entry: ...

    async def decide(
        self,
        tenant: str,
        show: str,
        entry: str,
        status: Status,
        who: str,
        *,
        where: str = ...,
        version: int | None = ...,
    ) -> Entry: ...


class BibleFiles:
    def __init__(self, bible: Bible, canon: Canon) -> None:
        self._bible = bible
        self._canon = canon

    async def keep(self, show: Show, draft: Draft, status: Status, who: str) -> bool:
        """Bring canon after the file of ``draft``; gives whether that changed anything."""
        if status is Status.ACCEPTED:
            return await self._accept(show, draft, who)
        return await self._set_aside(show, draft, status, who)

    async def propose(self, show: Show, draft: Draft, who: str) -> bool:
        """Keep what somebody says who does not decide beside what holds; gives whether that is new. It is their
        word and not the file's: whoever decides may still accept it by the same file."""
        before = await self._canon.find(show.tenant, show.id, draft.name)
        await self._canon.add(show.tenant, show.id, replace(draft, origin=""), who, Status.PROPOSED)
        return before != await self._canon.find(show.tenant, show.id, draft.name)

    async def withdraw(self, show: Show, uri: str, who: str) -> None:
        """What the file told of canon while it had front-matter for it no longer holds."""
        await self._bible.sync(show.tenant, show.id, uri, [], who)

    async def _accept(self, show: Show, draft: Draft, who: str) -> bool:
        """Canon follows the file; a proposal that nobody but the file decided on is accepted by it."""
        synced = await self._bible.sync(show.tenant, show.id, draft.origin, [draft], who)
        if synced.new + synced.changed:
            return True
        entry = await self._called(show, draft)
        if entry is None or entry.status is Status.ACCEPTED or not await self._only_the_file_spoke(show, entry, draft):
            return False
        await self._canon.decide(show.tenant, show.id, entry.id, Status.ACCEPTED, who, where=draft.origin)
        return True

    async def _set_aside(self, show: Show, draft: Draft, status: Status, who: str) -> bool:
        """Keep what the file tells as ``status``. A file takes back its own word, never the room's."""
        before = await self._called(show, draft)
        if before and before.status is not status and await self._only_the_file_spoke(show, before, draft):
            await self._canon.decide(
                show.tenant, show.id, before.id, status, who, where=draft.origin, version=before.version
            )
        await self._canon.add(show.tenant, show.id, draft, who, status)
        return before != await self._called(show, draft)

    async def _called(self, show: Show, draft: Draft) -> Entry | None:
        """What is known under the draft's kind and name: in force, else the newest."""
        found = await self._canon.find(show.tenant, show.id, draft.name)
        return next((one for one in found if one.kind == draft.kind and fold(one.name) == fold(draft.name)), None)

    async def _only_the_file_spoke(self, show: Show, entry: Entry, draft: Draft) -> bool:
        decided = await self._canon.decisions(show.tenant, show.id, entry.id)
        return entry.origin == draft.origin and (not decided or decided[-1].where == draft.origin)


def drafted(document: Document) -> Draft | None:
    """The canon entry a bible file holds: front-matter with a name and one of the kinds."""
    meta = document.meta
    kind, name = text_of(meta, "kind").casefold(), text_of(meta, "name")
    if kind not in KINDS or not name or not document.body.strip():
        return None
    return Draft(
        kind=kind,
        name=name,
        text=document.body.strip(),
        aliases=_words(meta, "aliases"),
        tags=_words(meta, "tags"),
        starts=text_of(meta, "from"),
        ends=text_of(meta, "until"),
        origin=document.uri,
    )


def stated(meta: Mapping[str, object]) -> tuple[Status, str]:
    """What the file says of its entry, and what is doubtful about it. Only a clear word makes canon."""
    said = text_of(meta, "status").casefold() or Status.ACCEPTED.value
    if said in set(Status):
        return Status(said), ""
    return Status.PROPOSED, f"its status “{said}” is none of {', '.join(Status)}, so it is only proposed"


def unkind(meta: Mapping[str, object]) -> str:
    """Why a file that looks like an entry of canon is none."""
    kind = text_of(meta, "kind").casefold()
    if not kind or not text_of(meta, "name") or kind in KINDS:
        return ""
    return f"its kind “{kind}” is none of {', '.join(KINDS)}, so it is a source and no canon"


def text_of(meta: Mapping[str, object], key: str) -> str:
    value = meta.get(key)
    return "" if value is None else " ".join(str(value).split())


def _words(meta: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = meta.get(key)
    many = value if isinstance(value, list | tuple) else str(value).split(",") if value else []
    return tuple(text for item in many if (text := str(item).strip()))
