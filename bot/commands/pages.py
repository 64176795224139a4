"""Commands about what is written: format, takes, receipts, manuscripts.

Knows nothing of models, storage or platforms.
"""

import re
from collections.abc import Mapping
from typing import Protocol

from bot import receipts
from bot.commands.call import Call, Handler, Mistaken
from bot.commands.past import Numbered, numbered
from bot.commands.table import AT_A_PROMPT, TABLE, find
from bot.dialogue import Dialogue
from bot.events import Attach, File, Offer, Reply
from bot.rooms import Rooms
from chains import Format, fountain, manuscript, markdown
from memory import Conversation, Scope, Take, TakeStatus, Thread, Turn


class Threads(Numbered, Protocol):
    async def set_format(self, scope: Scope, format: str) -> Thread: ...  # noqa: A002


class Turns(Protocol):
    async def again(self, scope: Scope, turn: str, steer: str) -> Take: ...

    async def takes(self, scope: Scope, turn: str) -> tuple[Take, ...]: ...

    async def choose(self, scope: Scope, turn: str, take: str) -> Turn: ...


class Changed(Protocol):
    """Says that the ledger changed."""

    def __call__(self) -> None: ...


class Pages:
    def __init__(
        self,
        rooms: Rooms,
        threads: Threads,
        turns: Turns,
        dialogue: Dialogue,
        formats: Mapping[str, Format],
        changed: Changed,
    ) -> None:
        self._rooms = rooms
        self._threads = threads
        self._turns = turns
        self._dialogue = dialogue
        self._formats = formats
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "help": self.help,
            "format": self.format,
            "formats": self.formats,
            "again": self.again,
            "takes": self.takes,
            "why": self.why,
            "export": self.export,
        }

    async def help(self, call: Call) -> Reply:
        if call.text:
            command = find(call.text.lstrip("/"))
            if command is None:
                raise Mistaken(f"There is no command /{call.text.lstrip('/')}; `/help` lists them.")
            return await call.say(f"`/{command.name} {command.usage}`".replace(" `", "`") + f"\n\n{command.help}")
        here = [one for one in TABLE if call.scope.platform == "terminal" or one.name not in AT_A_PROMPT]
        rows = [f"- `{' '.join(filter(None, ('/' + one.name, one.usage)))}` {one.help}" for one in here]
        return await call.say("\n".join(["Just say what you want written. Or:", "", *rows]))

    async def format(self, call: Call) -> Reply:
        talk = await self._rooms.enter(call.scope)
        if not call.text:
            return await call.say(f"Writing **{talk.thread.format}** here; `/formats` lists the others.")
        name = call.text.casefold()
        if name not in self._formats:
            raise Mistaken(f"There is no format “{call.text}”; there are {', '.join(self._formats)}.")
        await self._threads.set_format(call.scope, name)
        return await call.say(f"From now on: **{name}**. {self._formats[name].about}", scope=call.scope)

    async def formats(self, call: Call) -> Reply:
        rows = [f"- **{name}**: {form.about}" for name, form in self._formats.items()]
        return await call.say("\n".join(rows))

    async def again(self, call: Call) -> Reply:
        talk = await self._rooms.writing(call.scope, call.person, spare=1)
        turn = _last(talk)
        take = await self._turns.again(call.scope, turn.id, call.text)
        return await self._dialogue.again(talk, take, call.stage, call.halt)

    async def takes(self, call: Call) -> Reply:
        turn = _last(await self._rooms.enter(call.scope))
        takes = [take for take in await self._turns.takes(call.scope, turn.id) if take.status is not TakeStatus.WRITING]
        if not takes:
            raise Mistaken("No take of this page is left; `/again` writes one.")
        if call.text:
            take = next((take for take in takes if str(take.number) == call.text), None)
            if take is None:
                raise Mistaken(f"There is no take {call.text}; there are {', '.join(str(t.number) for t in takes)}.")
            await self._turns.choose(call.scope, turn.id, take.id)
            self._changed()
            return await call.say(f"Take {take.number} it is.\n\n{take.text}")
        chosen = turn.take.id if turn.take else ""
        for take in takes:
            await call.stage.show(Offer("takes", f"take {take.number}", str(take.number)))
        return await call.say("\n\n".join(_take(take, take.id == chosen) for take in takes))

    async def why(self, call: Call) -> Reply:
        words = call.text.casefold().split()
        full, number = "all" in words, " ".join(word for word in words if word != "all")
        talk = await self._rooms.enter(call.scope)
        turn = await numbered(self._threads, talk, number) if number else _last(talk)
        kept = turn.take.receipts if turn.take else {}
        if kept.get("passages") and not full:
            await call.stage.show(Offer("why", "All signals", f"{turn.depth} all"))
        return await call.say(receipts.tell(kept, full=full))

    async def export(self, call: Call) -> Reply:
        talk = await self._rooms.whole(call.scope)
        name = call.text.removeprefix("--to ").strip()
        if "/" in name or "\\" in name:
            raise Mistaken("Name a file without a folder: `/export draft.md`.")
        for file in manuscripts(talk, self._formats, name):
            await call.stage.show(Attach(file))
        return await call.end(Reply("complete"))


def manuscripts(talk: Conversation, formats: Mapping[str, Format], name: str = "") -> list[File]:
    """The thread's pages as files. Without a name both forms, Fountain only where there is a script;
    with one its ending says which. Raises Mistaken."""
    title = talk.thread.title or talk.show.name
    scripts = [form.name for form in formats.values() if form.export == "fountain"]
    if not manuscript(talk.window):
        raise Mistaken("There is nothing to export yet.")
    plain = File(name or f"{_slug(title)}.md", data=markdown(title, talk.window).encode(), media="text/markdown")
    script = File(
        name or f"{_slug(title)}.fountain",
        data=fountain(title, talk.window, scripts).encode(),
        media="text/plain",
    )
    if name:
        if not name.endswith((".md", ".fountain")):
            raise Mistaken("Name a file that ends in .md or .fountain.")
        return [script if name.endswith(".fountain") else plain]
    return [plain, *([script] if manuscript(talk.window, scripts) else [])]


def _last(talk: Conversation) -> Turn:
    if not talk.window:
        raise Mistaken("Nothing was written here yet.")
    return talk.window[-1]


def _take(take: Take, chosen: bool) -> str:
    by = receipts.editor(take.receipts)
    how = f", edited by {by}" if by else f", {take.steer}" if take.steer else ""
    end = "" if take.status is TakeStatus.COMPLETE else f" ({take.status.value})"
    return f"**Take {take.number}**{how}{' — chosen' if chosen else ''}{end}\n\n{take.text}"


def _slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.casefold()).strip("-")[:60] or "pages"
