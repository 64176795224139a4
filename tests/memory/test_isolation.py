"""Who holds another tenant's or room's ids holds nothing."""

import pytest

from memory import Draft, Due, NotFound, Piece, Scope, Status, TakeStatus

STRANGERS = [
    Scope("slack", "T2", "C1", "th1"),
    Scope("discord", "T1", "C1", "th1"),
    Scope("slack", "T1", "C2", "th1"),
    Scope("slack", "T1", "C1", "th2"),
    Scope("slack", "T2", "C1"),
    Scope("slack", "T1", "C2"),
]


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_turn_is_out_of_reach_from_outside_its_thread(ledger, scope, show, talk, stranger):
    turn = await talk.say("a secret", event="e1")
    other = await ledger.shows.ensure(stranger.tenant, "Other")
    await ledger.threads.open(stranger, other.id)
    turns, threads = ledger.turns, ledger.threads
    assert await turns.get(stranger, turn.id) is None
    refused = [
        turns.takes(stranger, turn.id),
        turns.again(stranger, turn.id),
        turns.choose(stranger, turn.id, turn.take.id),
        turns.finish(stranger, turn.take.id, "mine", TakeStatus.COMPLETE),
    ]
    for call in refused:
        with pytest.raises(NotFound):
            await call
    written = await turns.again(scope, turn.id)
    await turns.draft(stranger, written.id, "mine")
    assert (await turns.takes(scope, turn.id))[1].text == ""
    assert (await threads.conversation(stranger)).window == ()
    assert await threads.undo(stranger) is None
    assert await threads.keep_recap(stranger, Due(None, (turn,)), "x") is None
    assert all(thread.scope != scope for thread in await threads.listing(stranger))
    assert await talk.heard() == ["a secret"]


async def test_a_call_about_the_whole_room_reaches_its_threads(ledger, scope, show, talk):
    turn = await talk.say("hello")
    assert await ledger.turns.get(Scope(scope.platform, scope.tenant, scope.room), turn.id) == turn


async def test_another_tenants_show_is_no_show(ledger, scope, show):
    assert await ledger.shows.get("T2", show.id) is None
    assert await ledger.shows.find("T2", show.name) is None
    assert await ledger.shows.all("T2") == ()
    await ledger.threads.open(scope, show.id)
    assert [one.scope for one in await ledger.threads.of_show(scope.tenant, show.id)] == [scope]
    assert await ledger.threads.of_show("T2", show.id) == ()
    stranger = Scope("slack", "T2", "C1", "x")
    for call in (
        ledger.shows.bind(stranger, show.id),
        ledger.shows.describe("T2", show.id, "mine", "mine"),
        ledger.threads.open(stranger, show.id),
    ):
        with pytest.raises(NotFound):
            await call


async def test_another_tenants_canon_is_out_of_reach(ledger, show):
    mara = await ledger.canon.add(show.tenant, show.id, Draft("character", "Mara", "secret"), "ana")
    mine = await ledger.shows.ensure("T2", show.name)
    for tenant, where in (("T2", show.id), ("T2", mine.id), ("T1", mine.id)):
        canon = ledger.canon
        assert await canon.get(tenant, where, mara.id) is None
        assert await canon.listing(tenant, where, statuses=tuple(Status)) == ()
        assert await canon.find(tenant, where, "Mara") == ()
        assert await canon.names(tenant, where) == ()
        assert await canon.decisions(tenant, where, mara.id) == ()
        for call in (
            canon.history(tenant, where, mara.id),
            canon.edit(tenant, where, mara.id, "eve", text="mine"),
            canon.decide(tenant, where, mara.id, Status.RETIRED, "eve"),
        ):
            with pytest.raises(NotFound):
                await call
    with pytest.raises(NotFound):
        await ledger.canon.add("T2", show.id, Draft("character", "Mara", "mine"), "eve")
    with pytest.raises(NotFound):
        await ledger.bible.sync("T2", show.id, "f", [], "eve")


async def test_another_tenants_sources_are_out_of_reach(ledger, show):
    source, _ = await ledger.sources.put("T1", show.id, "Book", "/b", "text", "d", "", [Piece(0, "secret")])
    mine = await ledger.shows.ensure("T2", show.name)
    for tenant, where in (("T2", show.id), ("T2", mine.id), ("T1", mine.id)):
        assert await ledger.sources.listing(tenant, where) == ()
        assert await ledger.sources.find(tenant, where, source.id) == ()
        for call in (
            ledger.sources.pieces(tenant, where, source.id),
            ledger.sources.forget(tenant, where, source.id),
        ):
            with pytest.raises(NotFound):
                await call
    with pytest.raises(NotFound):
        await ledger.sources.put("T2", show.id, "Book", "/b", "text", "e", "", [])
    assert await ledger.sources.listing("T1", show.id) == (source,)
