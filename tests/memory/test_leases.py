"""One program works in a thread at a time, and one that slept through the end of its lease saves nothing."""

import asyncio
from dataclasses import replace

import pytest

from memory import Due, LeaseLost, Letter, Renewal, Scope, TakeStatus, fenced


async def test_a_thread_is_one_programs_until_it_gives_it_back(ledger, scope):
    first = await ledger.leases.claim(scope, "a", 60)
    assert await ledger.leases.claim(scope, "b", 60) is None
    await ledger.leases.release(first)
    second = await ledger.leases.claim(scope, "b", 60)
    assert second.fence > first.fence
    assert await ledger.leases.renew(first, 60) is Renewal.LOST


async def test_other_threads_rooms_and_tenants_are_free(ledger, scope):
    assert await ledger.leases.claim(scope, "a", 60)
    for other in (replace(scope, thread="x"), replace(scope, room="x"), replace(scope, tenant="x")):
        assert await ledger.leases.claim(other, "b", 60)


async def test_a_lease_that_nobody_renews_goes_to_the_next_and_a_renewed_one_does_not(ledger, scope):
    silent = await ledger.leases.claim(scope, "a", 0.0)
    assert await ledger.leases.renew(silent, 60) is Renewal.KEPT, "nobody had it meanwhile"
    assert await ledger.leases.claim(scope, "b", 60) is None
    await ledger.leases.renew(silent, 0.0)
    assert await ledger.leases.claim(scope, "b", 60)


async def test_a_program_started_anew_takes_over_at_once_and_its_dead_self_writes_no_more(ledger, scope, show):
    before = await ledger.leases.claim(scope, "a", 60)
    after = await ledger.leases.claim(scope, "a", 60)
    assert after.fence > before.fence
    with fenced(before), pytest.raises(LeaseLost):
        await ledger.turns.begin(scope, "ana", "x", "chat")


async def test_of_many_that_claim_at_once_one_has_it(opener, scope):
    programs = [await opener() for _ in range(4)]
    claims = [program.leases.claim(scope, f"p{n}", 60) for n, program in enumerate(programs)]
    assert len([one for one in await asyncio.gather(*claims) if one]) == 1


async def test_what_is_written_under_a_lost_lease_is_refused_and_leaves_nothing(opener, scope, show, talk):
    ours, theirs = await opener(), await opener()
    lease = await ours.leases.claim(scope, "ours", 0.0)
    with fenced(lease):
        begun = await ours.turns.begin(scope, "ana", "hello", "chat", "e1")
        assert await theirs.leases.claim(scope, "theirs", 60)
        for save in (
            ours.turns.draft(scope, begun.take.id, "stale"),
            ours.turns.finish(scope, begun.take.id, "stale", TakeStatus.COMPLETE),
            ours.inbox.sending(scope, 1, ["9.9"]),
            ours.shows.set_room(scope, note="stale"),
        ):
            with pytest.raises(LeaseLost):
                await save
    assert (await theirs.turns.get(scope, begun.turn.id)).take.text == ""
    assert (await theirs.shows.room(scope)).note == ""


async def test_what_is_heard_is_kept_whoever_has_the_thread(opener, scope):
    ours, theirs = await opener(), await opener()
    lease = await ours.leases.claim(scope, "ours", 0.0)
    await theirs.leases.claim(scope, "theirs", 60)
    with fenced(lease):
        assert await ours.inbox.put(Letter("message", "e2", scope, "U1", "hello"))
    assert len(await theirs.inbox.open(scope)) == 1


async def test_what_goes_on_after_a_lease_was_given_back_is_not_checked(ledger, scope, talk):
    lease = await ledger.leases.claim(scope, "a", 60)
    with fenced(lease):
        turn = await talk.say("hello")
        await ledger.leases.release(lease)
        assert await ledger.leases.claim(scope, "b", 60)
        assert await ledger.threads.keep_recap(scope, Due(None, (turn,)), "hello was said")


async def test_a_program_is_asked_to_stop_by_way_of_the_ledger(ledger, scope):
    assert not await ledger.leases.halt(scope, "another")
    lease = await ledger.leases.claim(scope, "a", 60)
    assert not await ledger.leases.halt(scope, "a"), "its own"
    assert await ledger.leases.halt(scope, "another")
    assert await ledger.leases.renew(lease, 60) is Renewal.HALT
    assert not await ledger.leases.halt(Scope("slack", "T2", "C1", "th1"), "another")
    await ledger.leases.release(lease)
    assert not await ledger.leases.halt(scope, "another")
