"""The inbox keeps each letter once, and what people change reaches the ledger and the index's outbox."""

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from memory import Due, Edited, LedgerBusy, Letter, LetterState, NotFound, Refused, Scope, TakeStatus
from memory.ledger import Ledger


@pytest.fixture
def letter(scope):
    return Letter(
        "message", "Ev1", scope, "U1", "hello", message="100.1", files=(("a.md", "https://x/a", "text/plain"),)
    )


async def test_a_letter_comes_back_as_it_was_put(ledger, letter):
    kept = await ledger.inbox.put(letter)
    assert kept.letter == letter
    assert kept.state is LetterState.WAITING
    assert await ledger.inbox.find(letter.scope, "100.1") == kept


async def test_the_same_event_or_the_same_message_is_kept_once(ledger, letter):
    assert await ledger.inbox.put(letter)
    assert await ledger.inbox.put(letter) is None
    assert await ledger.inbox.put(replace(letter, event="Ev2")) is None, "a mention comes as two events"
    assert await ledger.inbox.put(replace(letter, message="100.2")) is None


async def test_two_workspaces_and_two_rooms_do_not_share_messages(ledger, letter, scope):
    assert await ledger.inbox.put(letter)
    assert await ledger.inbox.put(replace(letter, scope=replace(scope, tenant="T2")))
    assert await ledger.inbox.put(replace(letter, event="Ev2", scope=replace(scope, room="C2")))
    stranger = replace(scope, tenant="T3")
    assert await ledger.inbox.find(stranger, "100.1") is None
    assert not await ledger.inbox.engaged(stranger)
    assert await ledger.inbox.engaged(scope)


async def test_of_many_deliveries_at_once_one_is_kept(ledger, letter):
    kept = await asyncio.gather(*(ledger.inbox.put(letter) for _ in range(10)))
    assert len([one for one in kept if one]) == 1


async def test_a_crowd_is_kept_in_few_transactions_each_on_the_disk_when_its_put_returns(
    ledger, letter, opener, count_statements
):
    other = await opener()
    crowd = [replace(letter, event=f"E{n}", message=f"m{n}") for n in range(150)]
    twice = [*crowd, *(replace(one, event=f"{one.event}-again") for one in crowd)]

    async def put(one):
        kept = await ledger.inbox.put(one)
        assert kept is None or await other.inbox.find(one.scope, one.message) == kept, "told before it was kept"
        return kept

    with count_statements(ledger) as ran:
        kept = await asyncio.gather(*(put(one) for one in twice))
    assert [bool(one) for one in kept] == [True] * 150 + [False] * 150
    assert [one.number for one in kept[:150]] == sorted(one.number for one in kept[:150])
    assert len([one for one in ran if one.startswith("INSERT")]) < 15


async def test_a_letter_that_cannot_be_kept_does_not_keep_out_the_others(ledger, letter):
    odd = replace(letter, event="E2", message="m2", values={"x": object()})
    results = await asyncio.gather(ledger.inbox.put(letter), ledger.inbox.put(odd), return_exceptions=True)
    assert results[0].letter == letter
    assert isinstance(results[1], Exception)
    assert await ledger.inbox.put(replace(letter, event="E3", message="m3"))


async def test_while_the_ledger_is_busy_a_crowd_waits_for_it_once_and_not_each_by_itself(
    tmp_path, letter, count_statements
):
    file = tmp_path / "busy.db"
    async with await Ledger.open(f"sqlite:///{file}", patience=0.2) as ledger:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        crowd = [replace(letter, event=f"E{n}", message=f"m{n}") for n in range(10)]
        with count_statements(ledger) as ran:
            told = await asyncio.gather(*(ledger.inbox.put(one) for one in crowd), return_exceptions=True)
        assert {type(one) for one in told} == {LedgerBusy}
        assert len([one for one in ran if one.startswith("BEGIN")]) == 1
        other.execute("ROLLBACK")
        other.close()
        assert await ledger.inbox.put(crowd[0])


async def test_letters_without_a_message_are_told_apart_by_their_event(ledger, letter):
    for event in ("a", "b"):
        assert await ledger.inbox.put(replace(letter, kind="command", event=event, message=""))


async def test_letters_taken_together_end_together(ledger, letter, scope):
    first = await ledger.inbox.put(letter)
    second = await ledger.inbox.put(replace(letter, event="Ev2", message="100.2"))
    assert [one.attempts for one in await ledger.inbox.take(scope, [first.number, second.number])] == [1, 1]
    await ledger.inbox.sending(scope, first.number, ["200.1"])
    working = await ledger.inbox.unfinished("slack")
    assert [(one.head, one.state) for one in working] == [(first.number, LetterState.WORKING)] * 2
    assert (working[0].sending, working[0].ids) == (True, ("200.1",))
    assert [one.attempts for one in await ledger.inbox.take(scope, [first.number, second.number])] == [2, 2]
    await ledger.inbox.end(scope, first.number, LetterState.DONE)
    assert await ledger.inbox.unfinished("slack") == ()


async def test_when_the_first_of_joined_messages_is_deleted_before_they_are_taken_the_others_are_answered(
    ledger, letter, scope
):
    kept = [await ledger.inbox.put(replace(letter, event=f"E{n}", message=f"m{n}", text=f"{n}")) for n in range(3)]
    await ledger.inbox.change(scope, "m0", None)
    taken = await ledger.inbox.take(scope, [one.number for one in kept])
    assert [(one.letter.text, one.head) for one in taken] == [("1", kept[1].number), ("2", kept[1].number)]
    assert list(taken) == list(await ledger.inbox.open(scope))
    assert (await ledger.inbox.change(scope, "m2", Edited("two"))).event == "E1"
    await ledger.inbox.end(scope, kept[1].number, LetterState.DONE)
    assert await ledger.inbox.unfinished("slack") == ()
    assert (await ledger.inbox.find(scope, "m0")).state is LetterState.WITHDRAWN


async def test_what_was_answered_together_is_found_by_any_of_its_messages(ledger, letter, scope):
    kept = [await ledger.inbox.put(replace(letter, event=f"E{n}", message=f"m{n}", text=f"{n}")) for n in range(4)]
    await ledger.inbox.take(scope, [one.number for one in kept[:3]])
    await ledger.inbox.end(scope, kept[0].number, LetterState.DONE)
    await ledger.inbox.change(scope, "m1", None)
    for message in ("m0", "m2"):
        assert [one.letter.text for one in await ledger.inbox.together(scope, message)] == ["0", "2"]
    assert [one.letter.text for one in await ledger.inbox.together(scope, "m3")] == ["3"], "it waits alone"
    assert await ledger.inbox.together(scope, "m9") == ()
    assert await ledger.inbox.together(replace(scope, room="C2"), "m0") == ()


async def test_what_is_unfinished_comes_in_the_order_it_came(ledger, letter):
    for number in range(5):
        await ledger.inbox.put(replace(letter, event=f"E{number}", message=f"m{number}"))
    assert [one.letter.event for one in await ledger.inbox.unfinished("slack")] == [f"E{n}" for n in range(5)]
    assert await ledger.inbox.unfinished("discord") == ()


async def test_changing_one_of_joined_messages_gives_all_of_them_as_they_are_now(ledger, letter, scope):
    first = await ledger.inbox.put(letter)
    second = await ledger.inbox.put(replace(letter, event="Ev2", message="100.2", text="world"))
    await ledger.inbox.take(scope, [first.number, second.number])
    edited = await ledger.inbox.change(scope, "100.1", Edited("hi"))
    assert (edited.event, edited.waiting) == ("Ev1", False)
    assert [one.letter.text for one in edited.letters] == ["hi", "world"]
    deleted = await ledger.inbox.change(scope, "100.1", None)
    assert [one.letter.text for one in deleted.letters] == ["world"]
    assert await ledger.inbox.put(letter) is None, "a deleted message that comes again stays deleted"
    last = await ledger.inbox.change(scope, "100.2", None)
    assert (last.event, last.letters) == ("Ev1", ())


async def test_deleting_a_waiting_message_takes_it_out_of_the_queue(ledger, letter, scope):
    await ledger.inbox.put(letter)
    await ledger.inbox.change(scope, "100.1", None)
    assert await ledger.inbox.unfinished("slack") == ()


async def test_a_deletion_that_overtakes_its_message_is_remembered(ledger, letter, scope):
    assert await ledger.inbox.change(scope, "100.1", None, early=True) is None
    assert await ledger.inbox.find(scope, "100.1") is None
    assert not await ledger.inbox.engaged(scope), "nobody has spoken to us yet"
    assert await ledger.inbox.put(letter) is None
    assert await ledger.inbox.put(letter) is None, "also when it comes again"
    assert await ledger.inbox.unfinished("slack") == ()


async def test_an_edit_that_overtakes_its_message_is_how_it_reads_when_it_comes(ledger, letter, scope):
    for text in ("first edit", "last edit"):
        assert await ledger.inbox.change(scope, "100.1", Edited(text), early=True) is None
    assert await ledger.inbox.unfinished("slack") == ()
    kept = await ledger.inbox.put(letter)
    assert kept.letter == replace(letter, text="last edit")
    assert kept.state is LetterState.WAITING
    assert await ledger.inbox.put(letter) is None
    assert [one.letter.text for one in await ledger.inbox.unfinished("slack")] == ["last edit"]


async def test_an_edit_then_a_deletion_before_the_message_is_a_deletion(ledger, letter, scope):
    await ledger.inbox.change(scope, "100.1", Edited("x"), early=True)
    await ledger.inbox.change(scope, "100.1", None, early=True)
    assert await ledger.inbox.put(letter) is None


async def test_a_waiting_command_that_is_edited_is_another_command(ledger, letter, scope):
    await ledger.inbox.put(replace(letter, kind="command", name="takes", text="3"))
    await ledger.inbox.change(scope, "100.1", Edited("4", "takes"))
    (kept,) = await ledger.inbox.open(scope)
    assert (kept.letter.kind, kept.letter.name, kept.letter.text) == ("command", "takes", "4")
    await ledger.inbox.change(scope, "100.1", Edited("just words"))
    (kept,) = await ledger.inbox.open(scope)
    assert (kept.letter.kind, kept.letter.name, kept.letter.text) == ("message", "", "just words")


async def test_what_is_ended_is_not_taken_and_what_is_taken_is_not_refused(ledger, letter, scope):
    first = await ledger.inbox.put(letter)
    second = await ledger.inbox.put(replace(letter, event="Ev2", message="100.2"))
    assert await ledger.inbox.end(scope, first.number, LetterState.REFUSED, unbegun=True)
    assert await ledger.inbox.take(scope, [first.number]) == ()
    assert await ledger.inbox.take(scope, [second.number])
    assert not await ledger.inbox.end(scope, second.number, LetterState.REFUSED, unbegun=True)


async def test_a_taken_letter_is_as_it_was_edited_last(ledger, letter, scope):
    kept = await ledger.inbox.put(letter)
    await ledger.inbox.change(scope, "100.1", Edited("as edited"))
    assert [one.letter.text for one in await ledger.inbox.take(scope, [kept.number])] == ["as edited"]


async def test_a_message_of_ours_leads_to_the_page_it_showed(ledger, letter, scope, talk):
    turn = await talk.say("hello", event="Ev1")
    kept = await ledger.inbox.put(letter)
    await ledger.inbox.take(scope, [kept.number])
    await ledger.inbox.sending(scope, kept.number, ["200.10", "200.2"])
    assert await ledger.inbox.page(scope, "200.2") is None, "it is still being shown"
    await ledger.inbox.end(scope, kept.number, LetterState.DONE, turn=turn.id)
    assert await ledger.inbox.page(scope, "200.2") == turn.take.id
    assert await ledger.inbox.page(scope, "200.1") is None
    for stranger in (replace(scope, room="C2"), replace(scope, tenant="T2")):
        assert await ledger.inbox.page(stranger, "200.2") is None


async def test_a_withdrawn_page_leaves_the_conversation_and_the_index_but_what_it_answers_does_not(ledger, scope, talk):
    turn = await talk.say("question", "an answer")
    await talk.say("next")
    await talk.drain()
    await ledger.turns.withdraw(scope, turn.take.id, "")
    assert await talk.heard() == ["question", "next"]
    assert await talk.drain() == [("turn", turn.id)]
    found, _, _, live = await ledger.indexable.turn(turn.id)
    assert (found.text, found.take, live) == ("question", None, True)
    assert await ledger.turns.takes(scope, turn.id) == ()
    with pytest.raises(Refused):
        await ledger.turns.choose(scope, turn.id, turn.take.id)
    again = await ledger.turns.again(scope, turn.id)
    await ledger.turns.finish(scope, again.id, "another", TakeStatus.COMPLETE)
    assert (await ledger.turns.get(scope, turn.id)).take.text == "another"
    assert (await ledger.turns.begin(scope, "ana", "question", "chat")).fresh


async def test_withdrawing_a_page_that_was_not_chosen_changes_nothing_else(ledger, scope, talk):
    turn = await talk.say("question", "first")
    again = await ledger.turns.again(scope, turn.id)
    await ledger.turns.finish(scope, again.id, "second", TakeStatus.COMPLETE)
    await talk.drain()
    await ledger.turns.withdraw(scope, turn.take.id, "")
    assert (await ledger.turns.get(scope, turn.id)).take.text == "second"
    assert await talk.drain() == []
    assert [take.text for take in await ledger.turns.takes(scope, turn.id)] == ["second"]


async def test_an_event_whose_page_was_withdrawn_is_still_known(ledger, scope, talk):
    turn = await talk.say("question", "first", event="e1")
    await ledger.turns.withdraw(scope, turn.take.id, "")
    again = await ledger.turns.begin(scope, "ana", "question", "chat", "e1")
    assert (again.fresh, again.take.status) == (False, TakeStatus.WITHDRAWN)


async def test_a_message_of_another_room_cannot_be_changed(ledger, letter, scope):
    await ledger.inbox.put(letter)
    for stranger in (replace(scope, room="C2"), replace(scope, tenant="T2"), Scope("discord", "T1", "C1", "th1")):
        with pytest.raises(NotFound):
            await ledger.inbox.change(stranger, "100.1", Edited("mine"))


async def test_an_edited_turn_reads_as_edited_and_is_indexed_anew(ledger, scope, talk):
    turn = await talk.say("old words", event="e1")
    await talk.drain()
    await ledger.turns.edit(scope, turn.id, "new words", "ana")
    assert await talk.heard() == ["new words"]
    assert await talk.drain() == [("turn", turn.id)]
    assert (await ledger.turns.by_event(scope, "e1")).text == "new words"


async def test_a_forgotten_turn_leaves_the_path_and_the_index_and_redo_does_not_bring_it_back(ledger, scope, talk):
    first, last = await talk.say("first"), await talk.say("last")
    await talk.drain()
    await ledger.turns.forget(scope, first.id, "ana")
    assert await talk.heard() == ["last"]
    assert await talk.drain() == [("turn", first.id)]
    assert (await ledger.indexable.turn(first.id))[3] is False
    await ledger.threads.undo(scope)
    await ledger.turns.forget(scope, last.id, "ana")
    assert await ledger.threads.redo(scope) is None
    await talk.say("and on")
    assert await talk.heard() == ["and on"]


async def test_forgetting_the_head_lets_the_thread_go_on_before_it(ledger, scope, talk):
    first, last = await talk.say("first"), await talk.say("last")
    await ledger.turns.forget(scope, last.id, "ana")
    assert await talk.heard() == ["first"]
    assert (await talk.say("next")).parent == first.id


async def test_a_recap_of_what_was_changed_is_made_anew(ledger, scope, talk):
    turns = [await talk.say(f"t{n}") for n in range(7)]
    await ledger.threads.keep_recap(scope, Due(None, tuple(turns[:4])), "t0 to t3")
    assert (await ledger.threads.conversation(scope, 3)).thread.recap.upto == 4
    await ledger.turns.edit(scope, turns[1].id, "other", "ana")
    assert (await ledger.threads.conversation(scope, 3)).thread.recap is None
    assert [turn.text for turn in (await ledger.threads.recap_due(scope, 3)).turns] == ["t0", "other", "t2", "t3"]


async def test_rewinding_goes_back_to_a_turn_and_redo_comes_forward_again(ledger, scope, talk):
    turns = [await talk.say(f"t{n}") for n in range(4)]
    await ledger.threads.rewind(scope, turns[1].id)
    assert await talk.heard() == ["t0", "t1"]
    assert (await ledger.threads.redo(scope)).id == turns[2].id
    assert await talk.heard() == ["t0", "t1", "t2"]


async def test_each_persons_last_verdict_counts(ledger, scope, talk):
    turn = await talk.say("x")
    for who, verdict in (("ana", 1), ("bo", 1), ("ana", -1)):
        await ledger.turns.rate(scope, turn.id, who, verdict)
    assert await ledger.turns.ratings(scope, turn.id) == {"ana": -1, "bo": 1}


@pytest.mark.parametrize("stranger", [Scope("slack", "T2", "C1", "th1"), Scope("slack", "T1", "C2", "th1")])
async def test_nobody_else_edits_forgets_or_rates_a_turn(ledger, talk, stranger):
    turn = await talk.say("x", event="e1")
    assert await ledger.turns.by_event(stranger, "e1") is None
    for call in (
        ledger.turns.edit(stranger, turn.id, "mine", "eve"),
        ledger.turns.forget(stranger, turn.id, "eve"),
        ledger.turns.withdraw(stranger, turn.take.id, "eve"),
        ledger.turns.rate(stranger, turn.id, "eve", -1),
        ledger.turns.ratings(stranger, turn.id),
        ledger.threads.rewind(stranger, turn.id),
    ):
        with pytest.raises(NotFound):
            await call


async def test_a_room_knows_who_may_decide(ledger, scope, show):
    assert (await ledger.shows.room(scope)).deciders == ()
    await ledger.shows.set_room(scope, deciders=("U1", "U2"))
    assert (await ledger.shows.set_room(scope, note="n")).deciders == ("U1", "U2")
    assert (await ledger.threads.conversation(scope)).room.deciders == ("U1", "U2")


async def test_a_show_knows_whom_all_its_rooms_name(ledger, scope, show):
    elsewhere, apart = replace(scope, room="C2"), replace(scope, room="C3")
    for place, deciders in ((scope, ("U1", "U2")), (elsewhere, ("U2", "U3")), (apart, ())):
        await ledger.shows.bind(place, show.id)
        await ledger.shows.set_room(place, deciders=deciders)
    another = await ledger.shows.ensure(scope.tenant, "Another")
    await ledger.shows.bind(replace(scope, room="C4"), another.id)
    await ledger.shows.set_room(replace(scope, room="C4"), deciders=("U4",))
    assert await ledger.shows.deciders(scope.tenant, show.id) == {"U1", "U2", "U3"}
    assert await ledger.shows.deciders("T9", show.id) == frozenset()
