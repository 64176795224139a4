"""A program that starts ends what the dead were writing, and nothing that somebody alive is writing."""

import asyncio

from memory import INTERRUPTED, TakeStatus, fenced
from memory.ledger import Ledger

FINISHED, DEAD = (TakeStatus.COMPLETE, ""), (TakeStatus.STOPPED, INTERRUPTED)


async def test_a_program_that_starts_leaves_what_another_is_writing(opener, ledger, scope, show):
    lease = await ledger.leases.claim(scope, "a", 60)
    with fenced(lease):
        begun = await ledger.turns.begin(scope, "ana", "Go on", "chat")
        assert await (await opener()).turns.recover("b") == []
        assert (await ledger.turns.get(scope, begun.turn.id)).take.status is TakeStatus.WRITING
        turn = await ledger.turns.finish(scope, begun.take.id, "All of it.", TakeStatus.COMPLETE)
    assert (turn.take.status, turn.take.reason) == FINISHED


async def test_what_a_program_wrote_that_is_dead_is_ended_by_its_successor_and_when_its_lease_is_over_by_any(
    opener, ledger, scope, show
):
    lease = await ledger.leases.claim(scope, "a", 60)
    first = await ledger.turns.begin(scope, "ana", "Go on", "chat")
    [(_, turn)] = await (await opener()).turns.recover("a")
    assert (turn.id, turn.take.status, turn.take.reason) == (first.turn.id, *DEAD)
    second = await ledger.turns.begin(scope, "ana", "And on", "chat")
    await ledger.leases.renew(lease, 0.0)
    [(_, turn)] = await (await opener()).turns.recover("b")
    assert (turn.id, turn.take.status, turn.take.reason) == (second.turn.id, *DEAD)


async def test_who_takes_a_thread_over_ends_what_its_dead_holder_was_writing(opener, ledger, scope, show, talk):
    first = await ledger.turns.begin(scope, "ana", "Go on", "chat", "e1")
    await ledger.turns.draft(scope, first.take.id, "Mara op")
    with fenced(await ledger.leases.claim(scope, "b", 60)):
        again = await (await opener()).turns.begin(scope, "ana", "Go on", "chat", "e1")
    assert (again.fresh, again.take.text, again.take.status, again.take.reason) == (False, "Mara op", *DEAD)
    assert (await ledger.indexable.turn(first.turn.id))[3]


async def test_an_answer_that_is_finished_while_another_program_starts_stays_finished(
    postgres_url, beside, until_waiting, scope
):
    async with await Ledger.open(postgres_url) as ours, await Ledger.open(postgres_url) as theirs:
        show = await ours.shows.ensure(scope.tenant, "Any")
        await ours.threads.open(scope, show.id)
        begun = await ours.turns.begin(scope, "ana", "Go on", "chat")
        async with beside.transaction():
            await beside.execute("LOCK TABLE outbox IN EXCLUSIVE MODE")
            finishing = asyncio.create_task(ours.turns.finish(scope, begun.take.id, "All of it.", TakeStatus.COMPLETE))
            await until_waiting(1)
            recovering = asyncio.create_task(theirs.turns.recover("b"))
            await until_waiting(2)
        await finishing
        assert await recovering == []
        take = (await ours.turns.get(scope, begun.turn.id)).take
    assert (take.text, take.status, take.reason) == ("All of it.", *FINISHED)
