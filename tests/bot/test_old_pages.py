"""What is done with an old page, or with all of them, reads no more than it needs of a long thread."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bot.events import Inbound
from bot.surfaces.shown import Pages
from memory import TakeStatus
from memory.ledger import Ledger

LONG = 60
FEW = 24  # turns with their receipts, as any message has them read


@contextmanager
def asked_for(ledger: Ledger) -> Iterator[list[float]]:
    """How many turns with receipts each statement may bring."""
    asked: list[float] = []

    def hear(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "takes.receipts" in statement and statement.startswith("SELECT"):
            one = "turns.id = ?" in statement
            limit = statement.endswith("LIMIT ? OFFSET ?")
            asked.append(1 if one else given[-2] if limit else math.inf)

    engine = ledger._database.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)


@pytest.fixture
async def old(desk: Any, ledger: Ledger) -> str:
    """The third page of a long thread."""
    await desk.say("Who rings the bell?")
    turns = []
    for n in range(LONG):
        begun = await ledger.turns.begin(desk.scope, "eva", f"Week {n} of Petra?", "plot", "")
        turns.append(begun.turn.id)
        text = f"In week {n} the bell of Hesh rings {n} times."
        await ledger.turns.finish(desk.scope, begun.take.id, text, TakeStatus.COMPLETE)
    return turns[2]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("why", "", "There are no receipts"),
        ("again", "", "Week 2 of Petra?"),
        ("keep", "", "Kept as canon"),
        ("edit", "", "Change the page"),
        ("edit", "Petra rings the bell.", "Petra rings the bell."),
    ],
)
async def test_a_button_under_an_old_page_reads_that_page(
    desk: Any, ledger: Ledger, old: str, name: str, text: str, says: str
) -> None:
    with asked_for(ledger) as asked:
        stage = await desk._put(
            Inbound("action", f"b-{name}", desk.scope, "eva", text, name, target=old, who="eva"), None
        )
    assert stage.reply.status == "complete", stage.fails
    assert says in stage.page
    assert asked
    assert max(asked) <= FEW


async def test_names_that_were_said_anywhere_in_the_thread_are_not_new_in_an_old_page(desk: Any, old: str) -> None:
    pressed = Inbound("command", "b1", desk.scope, "eva", "Petra and Orlo ring.", "edit", target=old, who="eva")
    assert "New, not in canon: Orlo." in (await desk._put(pressed, None)).notes


async def test_a_manuscript_has_all_pages_and_needs_no_receipts(desk: Any, ledger: Ledger, old: str) -> None:
    with asked_for(ledger) as asked:
        [file] = (await desk.do("/export")).files.values()
    assert [f"rings {n} times." in file for n in range(LONG)] == [True] * LONG
    assert max(asked) <= FEW


async def test_a_window_about_an_old_page_has_that_page(desk: Any, ledger: Ledger, old: str) -> None:
    pages = Pages(ledger.threads, ledger.turns, ledger.inbox)
    with asked_for(ledger) as asked:
        shown = await pages(desk.scope, old)
    assert shown is not None
    assert shown.text == "In week 2 the bell of Hesh rings 2 times."
    assert asked == [1]
    await desk.do(f"/rewind {2}")
    assert await pages(desk.scope, old) is None, "it was taken back"


async def test_a_button_under_a_page_that_was_taken_back_says_so(desk: Any, old: str) -> None:
    await desk.do("/rewind 2")
    for name in ("why", "again", "edit"):
        pressed = Inbound("action", f"b-{name}", desk.scope, "eva", "", name, target=old, who="eva")
        assert "`/redo` may bring it back" in (await desk._put(pressed, None)).fails[0]
