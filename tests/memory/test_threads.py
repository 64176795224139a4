"""A thread's head moves back and forth, nothing is lost, and reading it costs the same at any length."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from memory import Due, NotFound, Recap, Room, Scope, TakeStatus
from memory.store.reach import new_id, now
from memory.tables import head_moves, path, takes, threads, turns


async def test_a_room_nobody_set_is_a_plain_chat(ledger, scope):
    assert await ledger.shows.room(scope) == Room(Scope("slack", "T1", "C1"))


async def test_a_new_thread_is_written_in_the_rooms_format_and_an_old_one_keeps_its_own(ledger, scope, show):
    await ledger.shows.bind(scope, show.id)
    room = await ledger.shows.set_room(scope, format="host", note="no gore")
    assert (room.show, room.format, room.note) == (show.id, "host", "no gore")
    assert (await ledger.shows.set_room(scope, note="")).format == "host"
    other = Scope("slack", "T1", "C1", "th2")
    assert (await ledger.threads.open(other, show.id)).format == "host"
    assert (await ledger.threads.open(scope, show.id)).format == "chat"
    assert (await ledger.threads.set_format(scope, "plot")).format == "plot"
    assert (await ledger.threads.set_note(scope, "rain")).note == "rain"


async def test_a_thread_is_opened_once_even_by_many(opener, ledger, show):
    other, fresh = await opener(), Scope("slack", "T1", "C1", "new")
    opened = await asyncio.gather(*(one.threads.open(fresh, show.id) for one in (ledger, other) * 4))
    assert len({thread.id for thread in opened}) == 1


async def test_threads_are_listed_last_written_first(ledger, scope, show, talk):
    second = Scope("slack", "T1", "C1", "th2")
    await ledger.threads.open(second, show.id)
    await talk.say("newest")
    room = Scope("slack", "T1", "C1")
    assert [thread.scope.thread for thread in await ledger.threads.listing(room)] == ["th1", "th2"]
    assert len(await ledger.threads.listing(room, limit=1)) == 1
    assert (await ledger.threads.latest(room)).scope == scope
    assert await ledger.threads.latest(room, new_id()) is None
    assert await ledger.threads.latest(Scope("slack", "T1", "C9")) is None


async def test_a_conversation_ends_with_the_latest_turns_at_most_a_block_more_than_asked_for(ledger, scope, show, talk):
    for n in range(9):
        await talk.say(f"{n}")
    seen = await ledger.threads.conversation(scope, 3)
    assert [turn.text for turn in seen.window] == list("2345678")
    assert seen.show.id == show.id


async def test_what_the_recap_tells_does_not_stand_in_the_window(ledger, scope, show, talk):
    said = [await talk.say(f"{n}") for n in range(9)]
    await ledger.threads.keep_recap(scope, Due(None, tuple(said[:4])), "0 to 3")
    assert [turn.text for turn in (await ledger.threads.conversation(scope, 3)).window] == list("45678")


async def test_no_thread_no_conversation(ledger, scope):
    with pytest.raises(NotFound):
        await ledger.threads.conversation(scope)
    assert await ledger.threads.recap_due(scope) is None


async def test_a_turn_is_found_by_its_depth_while_it_is_on_the_path(ledger, scope, show, talk):
    said = [await talk.say(f"{n}") for n in range(3)]
    await ledger.turns.forget(scope, said[1].id, "ana")
    await ledger.threads.undo(scope)
    assert [await ledger.threads.turn_at(scope, depth) for depth in range(5)] == [None, said[0], None, None, None]
    assert await ledger.threads.turn_at(Scope("slack", "T2", "C1", "th1"), 1) is None


async def test_undo_and_redo_tell_the_index(ledger, scope, show, talk):
    one, two = await talk.say("1"), await talk.say("2")
    await talk.drain()
    assert await ledger.threads.undo(scope) == two
    assert await talk.drain() == [("turn", two.id)]
    assert not (await ledger.indexable.turn(two.id))[3]
    assert (await ledger.indexable.turn(one.id))[3]
    assert await ledger.threads.redo(scope) == two
    assert await talk.drain() == [("turn", two.id)]
    assert (await ledger.indexable.turn(two.id))[3]


async def test_a_turn_is_live_only_once_its_answer_has_ended(ledger, scope, show):
    begun = await ledger.turns.begin(scope, "ana", "Hello", "chat")
    turn, thread, its_show, live = await ledger.indexable.turn(begun.turn.id)
    assert (turn, thread.scope, its_show.id, live) == (begun.turn, scope, show.id, False)
    await ledger.turns.recover()
    assert (await ledger.indexable.turn(begun.turn.id))[3]
    assert await ledger.indexable.turn(new_id()) is None


moves = st.lists(st.sampled_from(["say", "say", "undo", "redo"]), max_size=14)


@given(plan=moves)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_undo_and_redo_behave_like_a_list_with_a_stack_beside_it(opener, ledger, scope, plan):
    where = Scope(scope.platform, scope.tenant, scope.room, new_id())
    show = await ledger.shows.ensure(scope.tenant, "Any")
    await ledger.threads.open(where, show.id)
    said, undone = [], []
    for number, move in enumerate(plan):
        if move == "say":
            await ledger.turns.begin(where, "ana", f"{number}", "chat")
            said, undone = [*said, f"{number}"], []
        elif move == "undo":
            left = await ledger.threads.undo(where)
            assert (left and left.text) == (said[-1] if said else None)
            undone += [said.pop()] if said else []
        else:
            back = await ledger.threads.redo(where)
            assert (back and back.text) == (undone[-1] if undone else None)
            said += [undone.pop()] if undone else []
        conversation = await ledger.threads.conversation(where, 100)
        assert [turn.text for turn in conversation.window] == said
        parents = [turn.parent for turn in conversation.window]
        assert parents == [None, *(turn.id for turn in conversation.window)][: len(parents)]
        assert conversation.thread.head == (conversation.window[-1].id if said else None)


async def test_every_move_of_a_head_is_kept(ledger, scope, show, talk):
    await talk.say("1")
    await ledger.threads.undo(scope)
    await ledger.threads.redo(scope)
    async with ledger._database.reading() as tx:
        rows = (await tx.execute(select(head_moves.c.why).order_by(head_moves.c.number))).scalars().all()
    assert rows == ["begin", "undo", "redo"]


async def test_what_left_the_window_is_due_for_the_recap_until_it_is_in_it(ledger, scope, show, talk):
    said = [await talk.say(f"{n}") for n in range(1, 11)]
    due = Due(None, tuple(said[:4]))
    assert await ledger.threads.recap_due(scope, window=4) == due
    assert await ledger.threads.recap_due(scope, window=2, limit=4) == due
    assert await ledger.threads.keep_recap(scope, due, "So far.") == Recap("So far.", 4)
    assert await ledger.threads.recap_due(scope, window=4) is None  # two have left: not yet a block
    for n in (11, 12):
        await talk.say(f"{n}")
    assert await ledger.threads.recap_due(scope, window=4) == Due(Recap("So far.", 4), tuple(said[4:8]))
    assert (await ledger.threads.conversation(scope, 4)).thread.recap == Recap("So far.", 4)


async def test_a_recap_tells_nothing_of_turns_that_are_undone_or_still_in_the_window(ledger, scope, show, talk):
    said = [await talk.say(f"{n}") for n in range(1, 11)]
    recap = await ledger.threads.keep_recap(scope, Due(None, tuple(said[:3])), "to 3")
    await ledger.threads.keep_recap(scope, Due(recap, tuple(said[3:6])), "to 6")
    for _ in range(2):
        await ledger.threads.undo(scope)  # the head at 8: turns 5 to 8 are in the window
    assert (await ledger.threads.conversation(scope, 4)).thread.recap == Recap("to 3", 3)
    for _ in range(3):
        await ledger.threads.undo(scope)  # the head at 5: turn 6 is gone
    for n in range(10):
        await talk.say(f"other {n}")
    assert (await ledger.threads.conversation(scope, 4)).thread.recap == Recap("to 3", 3)


async def _grow(ledger, scope, upto):
    """Turns straight into the tables: a thousand whole ones would take a minute."""
    async with ledger._database.writing() as tx:
        thread = (await tx.execute(select(threads.c.id))).scalar_one()
        head = (await tx.execute(select(threads.c.head))).scalar_one()
        depth = (await tx.execute(select(func.count()).select_from(path))).scalar_one()
        ids, rows, chosen = [head], [], []
        for n in range(depth + 1, upto + 1):
            ids.append(new_id())
            tree = {"id": ids[-1], "thread": thread, "parent": ids[-2], "depth": n, "branch": "main", "chosen": ids[-1]}
            said = {"author": "ana", "text": f"{n}", "format": "chat", "created": now(), "event": None}
            rows.append(tree | said | {"platform": scope.platform, "tenant": scope.tenant})
            take = {"id": ids[-1], "turn": ids[-1], "number": 1, "text": "x", "status": "complete", "reason": ""}
            chosen.append(take | {"writer": "", "steer": "", "receipts": {}, "created": now()})
        await tx.execute(turns.insert(), rows)
        await tx.execute(takes.insert(), chosen)
        await tx.execute(path.insert(), [{"thread": thread, "depth": r["depth"], "turn": r["id"]} for r in rows])
        await tx.execute(threads.update().values(head=ids[-1]))


async def _one_turn(ledger, scope):
    await ledger.threads.conversation(scope, 12)
    await ledger.threads.recap_due(scope, 12)
    begun = await ledger.turns.begin(scope, "ana", "x", "chat")
    await ledger.turns.draft(scope, begun.take.id, "y")
    await ledger.indexable.turn(begun.turn.id)
    await ledger.threads.undo(scope)
    await ledger.threads.redo(scope)


async def test_a_turn_runs_the_same_statements_after_a_thousand_turns_as_after_ten(
    ledger, scope, show, talk, count_statements
):
    await _grow(ledger, scope, 10)
    with count_statements(ledger) as early:
        await _one_turn(ledger, scope)
    await _grow(ledger, scope, 1000)
    with count_statements(ledger) as late:
        await _one_turn(ledger, scope)
    assert late == early
    assert await talk.heard(3) == ["995", "996", "997", "998", "999", "1000", "x"]


async def test_the_read_of_a_turn_does_not_walk_the_thread(tmp_path, ledger, scope, show, count_statements):
    """SQLite counts its own steps: they must not grow with the thread."""
    if ledger._database.dialect != "sqlite":
        pytest.skip("PostgreSQL does not count its steps")
    steps = []
    for upto in (40, 1000):
        await _grow(ledger, scope, upto)
        async with ledger._database.writing() as tx:
            await tx.execute(text("ANALYZE"))
        steps.append(await _steps(ledger, scope))
    assert steps[1] <= steps[0] * 1.2, steps


async def _steps(ledger, scope):
    """Virtual machine steps of one conversation read, in tens."""
    counted = [0]

    def step():
        counted[0] += 1
        return 0

    async with ledger._database.reading() as tx:
        driver = await tx.run_sync(lambda connection: connection.connection.driver_connection)
        driver.set_progress_handler(step, 10)
    await ledger.threads.conversation(scope, 12)
    await ledger.threads.recap_due(scope, 12)
    assert (await ledger.threads.turn_at(scope, 30)).text == "30"
    async with ledger._database.reading() as tx:
        driver = await tx.run_sync(lambda connection: connection.connection.driver_connection)
        driver.set_progress_handler(None, 0)
    return counted[0]


async def test_a_turn_is_read_by_its_id_as_long_as_it_is_on_its_threads_path(ledger, scope, show, talk):
    said = [await talk.say(f"{n}") for n in range(3)]
    assert await ledger.threads.on_path(scope, said[1].id) == await ledger.turns.get(scope, said[1].id)
    other = Scope("slack", "T1", "C1", "th2")
    await ledger.threads.open(other, show.id)
    assert await ledger.threads.on_path(other, said[1].id) is None
    await ledger.threads.rewind(scope, said[0].id)
    assert await ledger.threads.on_path(scope, said[1].id) is None
    assert await ledger.threads.on_path(scope, said[0].id) is not None


async def test_every_turn_of_a_path_comes_in_order_and_without_receipts(ledger, scope, show):
    for n in range(30):
        begun = await ledger.turns.begin(scope, "ana", f"{n}", "chat")
        await ledger.turns.finish(scope, begun.take.id, f"page {n}", TakeStatus.COMPLETE, "", {"tokens": {}})
    await ledger.threads.undo(scope)
    turns_ = await ledger.threads.every_turn(scope)
    assert [(turn.text, turn.take.text) for turn in turns_] == [(f"{n}", f"page {n}") for n in range(29)]
    assert [turn.take.receipts for turn in turns_] == [{}] * 29
    assert await ledger.threads.every_turn(Scope("slack", "T1", "C1", "nobody")) == ()
