"""Commands about the show and what was learned for it: shows, sources, search.

Knows nothing of storage, Qdrant or platforms.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.events import Reply, Step
from bot.learning import Learning, many, summary
from bot.lore import Lore
from bot.reasons import strongest
from bot.rooms import Rooms
from bot.times import day
from memory import Show, Source
from vectorstore import Found, Hit, Query, Sight


class Shows(Protocol):
    async def all(self, tenant: str) -> tuple[Show, ...]: ...


class Sources(Protocol):
    async def listing(self, tenant: str, show: str) -> tuple[Source, ...]: ...

    async def find(self, tenant: str, show: str, what: str) -> tuple[Source, ...]: ...

    async def forget(self, tenant: str, show: str, source: str) -> Source: ...


class Library(Protocol):
    async def search(self, query: Query) -> Found: ...


class LoreOf(Protocol):
    async def __call__(self, show: Show) -> Lore: ...


class Changed(Protocol):
    """Says that the ledger changed."""

    def __call__(self) -> None: ...


class Knowledge:
    def __init__(
        self,
        rooms: Rooms,
        shows: Shows,
        sources: Sources,
        library: Library,
        lore: LoreOf,
        learning: Learning,
        changed: Changed,
    ) -> None:
        self._rooms = rooms
        self._shows = shows
        self._sources = sources
        self._library = library
        self._lore = lore
        self._learning = learning
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "show": self.show,
            "shows": self.shows,
            "learn": self.learn,
            "sources": self.sources,
            "forget": self.forget,
            "search": self.search,
        }

    async def show(self, call: Call) -> Reply:
        if not call.text:
            talk = await self._rooms.enter(call.scope)
            about = f"\n\n{talk.show.brief}" if talk.show.brief else ""
            return await call.say(f"This is **{talk.show.name}**.{about}")
        if call.inbound.who:  # a platform whose threads are its own: they cannot be left
            return await self._settle(call)
        show, thread = await self._rooms.switch(call.scope, " ".join(call.text.split()))
        return await call.say(f"Now working on **{show.name}**.", scope=thread.scope)

    async def _settle(self, call: Call) -> Reply:
        show = await self._rooms.settle(call.inbound, " ".join(call.text.split()))
        here = (await self._rooms.look(call.scope)).show
        stays = "" if here.id == show.id else f" This thread stays with **{here.name}**; new ones take the new show."
        return await call.say(f"This room now works on **{show.name}**.{stays}")

    async def shows(self, call: Call) -> Reply:
        shows = await self._shows.all(call.scope.tenant)
        if not shows:
            return await call.say("There is no show yet: `/show NAME` starts one.")
        return await call.say(
            "\n".join(f"- **{show.name}**{f': {show.brief}' if show.brief else ''}" for show in shows)
        )

    async def learn(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        # On a platform a path would name a file of the machine we run on: there, only shared files.
        paths = [] if call.inbound.who else [_home(word) for word in words(call.text)]
        shared = {Path(file.path): file.uri for file in call.inbound.files if file.path}
        paths += shared
        problem = call.inbound.values.get("problem", "")
        if not paths:
            asks = (
                "Share a file and say `/learn` with it"
                if call.inbound.who
                else "Say what to learn: `/learn bible/ notes.pdf`"
            )
            raise Mistaken(problem or f"{asks}.")

        async def tell(step: Step) -> None:
            await call.stage.show(step)

        decides = await self._rooms.decides(call.inbound, talk.show)
        done = await self._learning.learn(talk.show, paths, call.author, tell, call.halt, shared, decides=decides)
        return await call.say(f"{problem}\n\n{summary(done)}".strip())

    async def sources(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        rows = [
            f"{number}. **{source.title}** ({source.media}, {many(source.pieces, 'passage', 'passages')}, {day(source.learned)})"
            f"{f', licence {source.licence}' if source.licence else ''}"
            for number, source in enumerate(await self._sources.listing(talk.show.tenant, talk.show.id), 1)
        ]
        how = "share a file and say `/learn` with it" if call.inbound.who else "`/learn PATH` reads documents"
        return await call.say("\n".join(rows) or f"Nothing was learned yet but canon: {how}.")

    async def forget(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        if not call.text:
            raise Mistaken("Say which source: `/forget TITLE`; `/sources` lists them.")
        source = await pick_source(self._sources, talk.show, call.text)
        await self._sources.forget(talk.show.tenant, talk.show.id, source.id)
        self._changed()
        return await call.say(f"**{source.title}** is forgotten, with {many(source.pieces, 'passage', 'passages')}.")

    async def search(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        if not call.text:
            raise Mistaken("Say what to look for: `/search the winch key`.")
        depth = talk.window[-1].depth if talk.window else 0
        sight = Sight(talk.show.tenant, talk.show.id, talk.thread.id, {talk.thread.branch: depth})
        lore = await self._lore(talk.show)
        named = tuple(name.name for name in lore.names.within(call.text))
        found = await self._library.search(Query(sight, call.text, names=named))
        return await call.say(listing(found))


async def pick_source(sources: Sources, show: Show, what: str, lister: str = "/sources") -> Source:
    """The one source that is meant by title, path, id or number. Raises Mistaken, which names what lists them."""
    listed = await sources.listing(show.tenant, show.id)
    if what.isdecimal() and 1 <= int(what) <= len(listed):
        return listed[int(what) - 1]
    found = await sources.find(show.tenant, show.id, what) or await sources.find(show.tenant, show.id, _address(what))
    if len(found) == 1:
        return found[0]
    if not found:
        raise Mistaken(f"No source is called “{what}”; `{lister}` lists them.")
    raise Mistaken(f"{len(found)} sources are called “{what}”; give a number from `{lister}`.")


def _address(path: str) -> str:
    """The address a document at this path is kept under; the words themselves where it is no path."""
    try:
        return _home(path).resolve().as_uri()
    except ValueError:  # a NUL
        return path


def _home(path: str) -> Path:
    """The path with its ``~`` put in; one that names nobody's home stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def listing(found: Found, *, explain: bool = False) -> str:
    """What a search found, as Markdown, with the strongest reasons; ``explain``: with every signal's share."""
    if found.trouble and not found.hits:
        return found.trouble
    rows = [_row(number, hit, explain) for number, hit in enumerate(found.hits, 1)]
    return "\n\n".join([*rows, *([found.trouble] if found.trouble else [])]) or "Nothing was found."


def _row(number: int, hit: Hit, explain: bool) -> str:
    passage = hit.passage
    place = " › ".join(passage.path) + (f", page {passage.page}" if passage.page else "")
    shares = (f"{name} {value:.2f}" for name, value in hit.signals.items())
    why = ", ".join(shares) if explain else "; ".join(strongest(hit.signals))
    head = f"**{number}. {passage.title}** ({passage.origin.value}{f', {place}' if place else ''}) — {hit.score:.2f}"
    text = " ".join(hit.text.split())
    lines = [head, f"> {text if len(text) <= 280 else text[:279] + '…'}"]
    return "\n".join([*lines, *([f"\n{why}"] if why else [])])


def words(text: str) -> list[str]:
    """Words as a shell splits them, so that quoted and escaped paths may hold spaces; an unclosed quote
    is a letter like any other."""
    found = re.findall(r"\"([^\"]*)\"|'([^']*)'|((?:[^\s\\]|\\.)+)", text)
    return [double or single or re.sub(r"\\(.)", r"\1", plain) for double, single, plain in found]
