"""Command about changing a page by hand: what somebody makes of it is a take of its own, and theirs.

Knows nothing of models, search, storage or platforms.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bot import receipts
from bot.commands.call import Call, Handler, Mistaken
from bot.events import Cite, Fill, Final, Note, Offer, Reply, Text
from bot.lore import Lore
from bot.rooms import Rooms
from chains import Cited, Format, Names, Page, unmarked
from memory import Conversation, Scope, Show, Turn


class Turns(Protocol):
    async def revise(self, scope: Scope, turn: str, text: str, who: str, receipts: Mapping[str, Any]) -> Turn: ...


class LoreOf(Protocol):
    async def __call__(self, show: Show) -> Lore: ...


class Footing(Protocol):
    """Says which of the passages a text stands on, and what in it is new."""

    async def __call__(self, text: str, passages: Sequence[Cited], names: Names, said: Sequence[str]) -> Page: ...


class Changed(Protocol):
    """Says that the ledger changed."""

    def __call__(self) -> None: ...


class Editing:
    def __init__(
        self,
        rooms: Rooms,
        turns: Turns,
        lore: LoreOf,
        footing: Footing,
        formats: Mapping[str, Format],
        changed: Changed,
    ) -> None:
        self._rooms = rooms
        self._formats = formats
        self._turns = turns
        self._lore = lore
        self._footing = footing
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {"edit": self.edit}

    async def edit(self, call: Call) -> Reply:
        about = call.inbound.target
        talk = await self._rooms.enter(call.scope)
        turn = await self._meant(talk, about)
        before = unmarked(turn.take.text).strip() if turn.take else ""
        if not call.text:
            return await _hand_out(call, before)
        if call.text == before:
            raise Mistaken("That is the page as it stands; nothing was changed.")
        return await self._revised(call, await self._rooms.whole(call.scope) if about else talk, turn)

    async def _meant(self, talk: Conversation, turn: str) -> Turn:
        """The turn a button or a window belongs to; the last one where none is named."""
        if not talk.window:
            raise Mistaken("Nothing was written here yet.")
        found = await self._rooms.turn(talk, turn) if turn else talk.window[-1]
        if found is None:
            raise Mistaken("That page was taken back; `/redo` may bring it back.")
        return found

    async def _revised(self, call: Call, talk: Conversation, turn: Turn) -> Reply:
        """Grounded like any page: what it stands on is told of a person's words, too."""
        kept = turn.take.receipts if turn.take else {}
        form = self._formats.get(turn.format)
        said = [turn.text, *(one.text for one in talk.window), form.labels if form else ""]
        names = (await self._lore(talk.show)).names
        page = await self._footing(unmarked(call.text), receipts.passages(kept), names, said)
        made = receipts.edited(kept, page, call.author, call.person, turn.take.number if turn.take else 0)
        await self._turns.revise(call.scope, turn.id, page.text, call.author, made)
        self._changed()
        await call.stage.show(Text(unmarked(page.text)))
        await call.stage.show(Final(page.text))
        for citation in page.citations:
            await call.stage.show(Cite(citation.n, citation.title))
        if page.fresh:
            await call.stage.show(Note(f"New, not in canon: {', '.join(page.fresh)}."))
        await call.stage.show(Note(f"Edited by {call.author}; the earlier takes are kept."))
        return await call.end(Reply("complete", turn.id))


async def _hand_out(call: Call, page: str) -> Reply:
    """The page as it stands, to be changed at the prompt, or in a window where a platform has one."""
    if not page:
        raise Mistaken("There is no page to change yet.")
    if call.inbound.who:
        await call.stage.show(Offer("edit", "Edit…"))
        return await call.say("Change the page in a window, or say all of it: `/edit TEXT`.")
    await call.stage.show(Fill(f"/edit {page}"))
    return await call.say("Change the page and send it: `/edit TEXT`. It becomes a take of its own, and yours.")
