"""*Keep* keeps the page it stands under, and adds to nothing that it only guesses."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from bot.events import Inbound, Offer
from memory import Draft, Entry

OLD = "Gerald is a tuba in E flat. He sleeps in the boathouse."
NEW = "Ottilie is a barrel of herring. She leaks."
_events = count()


class Hand:
    """Presses what stands under the first of two pages."""

    def __init__(self, desk: Any, turn: str) -> None:
        self.desk, self.turn = desk, turn

    async def press(self, text: str = "", kind: Any = "action") -> Any:
        event = f"k{next(_events)}"
        return await self.desk._put(
            Inbound(kind, event, self.desk.scope, "eva", text, "keep", target=self.turn, who="eva"), None
        )

    async def entry(self, name: str = "Gerald") -> Entry:
        show = await self.desk.show()
        found: tuple[Entry, ...] = await self.desk.app.ledger.canon.find(show.tenant, show.id, name)
        return found[0]

    async def known(self, name: str, text: str) -> None:
        show = await self.desk.show()
        await self.desk.app.ledger.canon.add(show.tenant, show.id, Draft("character", name, text), "eva")


@pytest.fixture
async def hand(build: Callable[..., Any], sit: Callable[..., Any]) -> Hand:
    desk = await sit(await build(writer=f"echo:say={OLD}"))
    first = (await desk.say("Who is Gerald?")).reply.turn
    later = await sit(await build(writer=f"echo:say={NEW}"))
    await later.say("And Ottilie?")
    return Hand(later, first)


async def test_under_an_older_page_it_keeps_that_page_and_knows_its_turn(hand: Hand) -> None:
    stage = await hand.press()
    assert stage.text.startswith("Kept as canon: **Gerald**")
    entry = await hand.entry()
    assert (entry.text, entry.origin) == (OLD, hand.turn)


async def test_under_an_older_page_it_asks_before_it_adds_to_what_it_guesses(hand: Hand) -> None:
    await hand.known("Gerald", "Gerald is a goose.")
    stage = await hand.press()
    assert "which canon has already" in stage.text
    assert "`/keep Gerald: TEXT`" in stage.text, "`/keep Gerald` would take another page"
    assert (await hand.entry()).text == "Gerald is a goose."
    assert stage.offers == [Offer("keep", "Add it to Gerald", "Gerald", turn=hand.turn)]
    await hand.press(stage.offers[0].ref)
    assert (await hand.entry()).text == f"Gerald is a goose.\n\n{OLD}"


async def test_a_passage_cut_from_a_page_in_a_window_knows_its_turn(hand: Hand) -> None:
    await hand.press("Gerald: He sleeps in the boathouse.", kind="command")
    assert ((await hand.entry()).text, (await hand.entry()).origin) == ("He sleeps in the boathouse.", hand.turn)


async def test_under_a_page_that_was_taken_back_it_says_so(hand: Hand) -> None:
    for _ in range(2):
        await hand.desk.do("/undo")
    assert (await hand.press()).fails == ["That page was taken back; `/redo` may bring it back."]
