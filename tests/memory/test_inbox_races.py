"""What a person changes at the very moment at which another program keeps or takes it is not lost."""

import asyncio

import pytest

from memory import Edited, Letter, LetterState
from memory.ledger import Ledger


@pytest.fixture
async def shared(postgres_url):
    async with await Ledger.open(postgres_url) as ledger:
        yield ledger


@pytest.fixture
async def kept(shared, scope):
    return await shared.inbox.put(Letter("message", "E0", scope, "U1", "hello", message="m0"))


async def bring(beside, event, message):
    """As another program does that has not ended its transaction yet."""
    rows = await beside.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'inbox'")
    names = [row[0] for row in rows if row[0] != "number"]
    given = {"event": f"'{event}'", "message": f"'{message}'"}
    values = ", ".join(given.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    await beside.execute(f"INSERT INTO inbox ({columns}) SELECT {values} FROM inbox WHERE event = 'E0'")


@pytest.mark.parametrize("said", [None, Edited("as edited")])
async def test_a_change_beside_its_message_that_is_being_kept_is_of_that_message(
    shared, kept, beside, until_waiting, scope, said
):
    async with beside.transaction():
        await bring(beside, "E1", "m1")
        changing = asyncio.create_task(shared.inbox.change(scope, "m1", said, early=True))
        await until_waiting(1)
    change = await changing
    assert change.waiting
    assert [one.letter.text for one in change.letters] == (["as edited"] if said else [])
    state = LetterState.WAITING if said else LetterState.WITHDRAWN
    assert (await shared.inbox.find(scope, "m1")).state is state


async def test_two_early_edits_at_once_are_one_and_the_last_counts(shared, kept, beside, until_waiting, scope):
    async with beside.transaction():
        await bring(beside, f"early:{scope.room}:m1", "m1")
        await beside.execute("UPDATE inbox SET state = 'expected', text = 'first edit' WHERE message = 'm1'")
        changing = asyncio.create_task(shared.inbox.change(scope, "m1", Edited("last edit"), early=True))
        await until_waiting(1)
    assert await changing is None
    assert (await shared.inbox.put(Letter("message", "E1", scope, "U1", "hi", message="m1"))).letter.text == "last edit"


async def test_a_deletion_beside_the_taking_of_its_message_says_that_it_is_answered(
    shared, kept, beside, until_waiting, scope
):
    async with beside.transaction():
        await beside.execute("UPDATE inbox SET state = 'working', attempts = 1, head = number WHERE event = 'E0'")
        changing = asyncio.create_task(shared.inbox.change(scope, "m0", None))
        await until_waiting(1)
    assert not (await changing).waiting
    assert (await shared.inbox.find(scope, "m0")).state is LetterState.WORKING
    assert await shared.inbox.end(scope, kept.number, LetterState.DONE)
