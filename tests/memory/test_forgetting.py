"""What somebody took back is told by nothing any more, and what stands beside it stays within reach."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory import Due, NotFound, Recap, Scope, TakeStatus
from memory.store.reach import new_id


async def test_undo_passes_over_what_was_forgotten_and_redo_brings_back_the_rest(ledger, scope, talk):
    _, b, _ = [await talk.say(text) for text in ("A", "B-secret", "C")]
    await ledger.turns.forget(scope, b.id, "ana")
    assert [(await ledger.threads.undo(scope)).text for _ in range(2)] == ["C", "A"]
    assert await ledger.threads.undo(scope) is None
    assert await talk.heard() == []
    assert [(await ledger.threads.redo(scope)).text for _ in range(2)] == ["A", "C"]
    assert await ledger.threads.redo(scope) is None
    assert await talk.heard() == ["A", "C"]


async def test_the_head_never_stands_on_what_was_forgotten(ledger, scope, talk):
    a, b, c = [await talk.say(text) for text in "ABC"]
    await ledger.turns.forget(scope, b.id, "ana")
    await ledger.turns.forget(scope, c.id, "ana")
    assert (await ledger.threads.latest(scope)).head == a.id
    assert (await ledger.threads.undo(scope)).id == a.id
    await ledger.turns.forget(scope, a.id, "ana")
    assert (await ledger.threads.latest(scope)).head is None


@pytest.mark.parametrize("undone", [1, 2, 3])
async def test_what_was_undone_after_a_turn_comes_back_without_it_when_that_is_forgotten(ledger, scope, talk, undone):
    _, b, _ = [await talk.say(text) for text in "ABC"]
    for _ in range(undone):
        await ledger.threads.undo(scope)
    await ledger.turns.forget(scope, b.id, "ana")
    while await ledger.threads.redo(scope):
        pass
    assert await talk.heard() == ["A", "C"]


async def test_a_thread_is_not_rewound_to_what_was_forgotten(ledger, scope, talk):
    _, b, _ = [await talk.say(text) for text in "ABC"]
    await ledger.turns.forget(scope, b.id, "ana")
    with pytest.raises(NotFound):
        await ledger.threads.rewind(scope, b.id)
    assert await talk.heard() == ["A", "C"]


async def title(ledger, scope):
    return (await ledger.threads.latest(scope)).title


async def test_a_thread_is_not_called_by_words_that_were_edited_or_deleted(ledger, scope, talk):
    first, second = await talk.say("The secret"), await talk.say("The harbour")
    assert await title(ledger, scope) == "The secret"
    await ledger.turns.edit(scope, second.id, "The lighthouse", "ana")
    assert await title(ledger, scope) == "The secret"
    await ledger.turns.edit(scope, first.id, "The beginning", "ana")
    assert await title(ledger, scope) == "The beginning"
    await ledger.turns.forget(scope, first.id, "ana")
    assert await title(ledger, scope) == "The lighthouse"
    await ledger.turns.forget(scope, second.id, "ana")
    assert await title(ledger, scope) == ""
    await talk.say("Anew")
    assert await title(ledger, scope) == "Anew"


async def test_a_thread_is_not_called_by_a_turn_that_was_deleted_before_its_answer_ended(ledger, scope, show, talk):
    begun = await ledger.turns.begin(scope, "ana", "The secret", "chat")
    await ledger.turns.forget(scope, begun.turn.id, "ana")
    await ledger.turns.finish(scope, begun.take.id, "So be it.", TakeStatus.COMPLETE)
    assert await title(ledger, scope) == ""


async def test_a_title_that_somebody_chose_outlives_the_first_words(ledger, scope, talk):
    first = await talk.say("The secret")
    await ledger.threads.rename(scope, "Episode 3")
    await ledger.turns.edit(scope, first.id, "The beginning", "ana")
    await ledger.turns.forget(scope, first.id, "ana")
    assert await title(ledger, scope) == "Episode 3"


CHANGES = {
    "edit": lambda ledger, scope, turn: ledger.turns.edit(scope, turn.id, "other", "ana"),
    "forget": lambda ledger, scope, turn: ledger.turns.forget(scope, turn.id, "ana"),
    "withdraw": lambda ledger, scope, turn: ledger.turns.withdraw(scope, turn.take.id, "ana"),
    "revise": lambda ledger, scope, turn: ledger.turns.revise(scope, turn.id, "mine", "ana", {}),
    "choose": lambda ledger, scope, turn: _choose_the_first(ledger, scope, turn),
    "again": lambda ledger, scope, turn: _again(ledger, scope, turn),
}


async def _again(ledger, scope, turn):
    take = await ledger.turns.again(scope, turn.id)
    return await ledger.turns.finish(scope, take.id, "Another.", TakeStatus.COMPLETE)


async def _choose_the_first(ledger, scope, turn):
    await ledger.turns.choose(scope, turn.id, (await ledger.turns.takes(scope, turn.id))[0].id)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", ["while it is made", "later"])
async def test_no_recap_tells_what_was_changed_while_it_was_made_or_later(ledger, scope, talk, change, when):
    said = [await _again(ledger, scope, await talk.say(f"t{n}")) for n in range(8)]
    due = await ledger.threads.recap_due(scope, 4)
    assert due == Due(None, tuple(said[:4]))
    if when == "later":
        assert await ledger.threads.keep_recap(scope, due, "t0 to t3") == Recap("t0 to t3", 4)
    await CHANGES[change](ledger, scope, said[2])
    if when == "while it is made":
        assert await ledger.threads.keep_recap(scope, due, "t0 to t3") is None
    assert (await ledger.threads.conversation(scope, 3)).thread.recap is None


async def test_no_recap_is_added_to_one_that_is_told_no_more(ledger, scope, talk):
    said = [await talk.say(f"t{n}") for n in range(8)]
    assert await ledger.threads.keep_recap(scope, Due(None, tuple(said[:2])), "t0 to t1")
    due = await ledger.threads.recap_due(scope, 2)
    assert due.recap == Recap("t0 to t1", 2)
    await ledger.turns.edit(scope, said[0].id, "other", "ana")
    assert await ledger.threads.keep_recap(scope, due, "t0 to t5") is None
    assert (await ledger.threads.recap_due(scope, 2)).turns[0].text == "other"


async def test_a_further_take_that_is_not_chosen_leaves_the_recap(ledger, scope, talk):
    said = [await talk.say(f"t{n}") for n in range(8)]
    await ledger.threads.keep_recap(scope, Due(None, tuple(said[:4])), "t0 to t3")
    take = await ledger.turns.again(scope, said[2].id)
    await ledger.turns.finish(scope, take.id, "half", TakeStatus.FAILED)
    assert (await ledger.threads.conversation(scope, 3)).thread.recap == Recap("t0 to t3", 4)


moves = st.lists(st.sampled_from(["say", "undo", "undo", "redo", "forget"]), min_size=4, max_size=12)


@given(plan=moves, chance=st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_undo_takes_the_last_turn_that_is_left_and_redo_brings_it_back(opener, ledger, scope, plan, chance):
    where = Scope(scope.platform, scope.tenant, scope.room, new_id())
    show = await ledger.shows.ensure(scope.tenant, "Any")
    await ledger.threads.open(where, show.id)
    said, forgotten = [], set()

    async def window():
        return (await ledger.threads.conversation(where, 100)).window

    for number, move in enumerate(["say"] * 4 + plan):
        before = await window()
        if move == "say":
            said.append((await ledger.turns.begin(where, "ana", f"{number}", "chat")).turn)
        elif move == "undo":
            left = await ledger.threads.undo(where)
            assert left == (before[-1] if before else None)
            if left:
                assert await window() == before[:-1]
                assert await ledger.threads.redo(where) == left
                assert await window() == before
                await ledger.threads.undo(where)
        elif move == "redo":
            back = await ledger.threads.redo(where)
            assert await window() == (*before, *([back] if back else []))
        elif said:
            one = chance.choice(said)
            await ledger.turns.forget(where, one.id, "ana")
            forgotten.add(one.id)
            assert await window() == tuple(turn for turn in before if turn.id != one.id)
        now = await window()
        assert not forgotten & {turn.id for turn in now}
        assert (await ledger.threads.latest(where)).head == (now[-1].id if now else None)
