"""A page that is changed in its place: the page that is meant, and what is noted of its messages, and when."""

from bot.surfaces.shown import Over, Pages
from memory import Letter, LetterState, Scope, TakeStatus
from memory.ledger import Ledger

ROOM = Scope("slack", "T1", "C1", "100.1")


class Slip:
    def __init__(self) -> None:
        self.key, self.noted = "k", list[str]()

    async def sending(self) -> None:
        self.noted.append("sending")

    async def posted(self, message: str) -> None:
        self.noted.append(message)


async def test_messages_are_noted_as_an_edits_own_only_when_they_show_it() -> None:
    slip = Slip()
    over = Over(slip, ("1", "2"))
    assert over.ids == ("1", "2"), "they are written over"
    assert slip.noted == [], "a program that dies now leaves the page as it was"
    await over.done()
    assert slip.noted == ["1", "2"]


async def test_the_page_that_is_meant_is_the_take_that_the_message_shows_last(ledger: Ledger) -> None:
    show = await ledger.shows.ensure("T1", "Show")
    await ledger.threads.open(ROOM, show.id)
    begun = await ledger.turns.begin(ROOM, "ana", "Go", "chat")
    await ledger.turns.finish(ROOM, begun.take.id, "one [1]", TakeStatus.COMPLETE)
    for event, text in (("e1", ""), ("e2", "two"), ("e3", "three")):
        kept = await ledger.inbox.put(Letter("message", event, ROOM, "ana"))
        assert kept is not None
        if text:
            await ledger.turns.revise(ROOM, begun.turn.id, text, "Ana", {})
        await ledger.inbox.take(ROOM, [kept.number])
        await ledger.inbox.sending(ROOM, kept.number, ["200.1" if event != "e3" else "200.2"])
        await ledger.inbox.end(ROOM, kept.number, LetterState.DONE, turn=begun.turn.id)
    pages = Pages(ledger.threads, ledger.turns, ledger.inbox)
    first = await pages(ROOM, begun.turn.id, "200.1")
    assert first is not None
    assert (first.text, first.messages) == ("two", ("200.1",))
    last = await pages(ROOM)
    assert last is not None
    assert (last.text, last.messages) == ("three", ("200.2",))
    assert await pages(Scope("slack", "T2", "C1", "100.1"), begun.turn.id, "200.1") is None
    assert await pages(ROOM, "no such turn") is None
