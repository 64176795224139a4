"""A person's words and every answer to them are kept, each once."""

import asyncio
from dataclasses import replace

import pytest

from memory import INTERRUPTED, NotFound, Refused, TakeStatus


async def test_a_turn_under_way_stands_at_the_head_with_its_first_take(ledger, scope, show):
    begun = await ledger.turns.begin(scope, "ana", "Who is Mara?", "plot", "e1")
    assert begun.fresh
    assert (begun.turn.author, begun.turn.text, begun.turn.format, begun.turn.depth) == (
        "ana",
        "Who is Mara?",
        "plot",
        1,
    )
    assert (begun.take.number, begun.take.status, begun.take.text) == (1, TakeStatus.WRITING, "")
    talk = await ledger.threads.conversation(scope)
    assert talk.window == (begun.turn,)
    assert talk.thread.head == begun.turn.id


async def test_a_redelivered_event_gives_the_same_turn_and_says_so(ledger, scope, show, talk):
    first = await ledger.turns.begin(scope, "ana", "Hello", "chat", "e1")
    again = await ledger.turns.begin(scope, "ana", "Hello", "chat", "e1")
    assert (again.turn, again.take, again.fresh) == (first.turn, first.take, False)
    await ledger.turns.finish(scope, first.take.id, "Hi.", TakeStatus.COMPLETE)
    after = await ledger.turns.begin(scope, "ana", "Hello", "chat", "e1")
    assert (after.take.text, after.fresh) == ("Hi.", False)
    assert await talk.heard() == ["Hello"]


async def test_an_event_delivered_many_times_at_once_makes_one_turn(opener, ledger, scope, show, talk):
    other = await opener()
    calls = [one.turns.begin(scope, "ana", "Hello", "chat", "e1") for one in (ledger, other) * 5]
    begun = await asyncio.gather(*calls)
    assert sum(one.fresh for one in begun) == 1
    assert len({one.turn.id for one in begun}) == 1
    assert await talk.heard() == ["Hello"]


async def test_turns_that_begin_at_once_line_up_one_behind_the_other(opener, ledger, scope, show, talk):
    other = await opener()
    await asyncio.gather(*(one.turns.begin(scope, "ana", f"{n}", "chat") for n, one in enumerate((ledger, other) * 6)))
    window = (await ledger.threads.conversation(scope, 50)).window
    assert [turn.depth for turn in window] == list(range(1, 13))
    assert [turn.parent for turn in window] == [None, *(turn.id for turn in window[:-1])]
    assert sorted(int(turn.text) for turn in window) == list(range(12))


async def test_the_same_event_name_on_another_platform_is_another_event(ledger, scope, show):
    elsewhere = type(scope)("discord", scope.tenant, scope.room, scope.thread)
    await ledger.threads.open(elsewhere, show.id)
    assert (await ledger.turns.begin(scope, "ana", "a", "chat", "e1")).fresh
    assert (await ledger.turns.begin(elsewhere, "ana", "b", "chat", "e1")).fresh


async def test_an_event_answered_in_one_room_shows_nothing_of_it_in_another(ledger, scope, show, talk):
    await talk.say("a secret", event="e1")
    elsewhere = type(scope)(scope.platform, scope.tenant, "C2", "x")
    await ledger.threads.open(elsewhere, show.id)
    with pytest.raises(Refused):
        await ledger.turns.begin(elsewhere, "eve", "?", "chat", "e1")


async def test_what_was_shown_of_an_answer_outlives_a_program_that_died(opener, ledger, scope, show, talk):
    await talk.say("Before")
    begun = await ledger.turns.begin(scope, "ana", "Go on", "chat")
    await ledger.turns.draft(scope, begun.take.id, "Mara opens")
    await ledger.turns.draft(scope, begun.take.id, "Mara opens the door")
    await talk.drain()
    next_program = await opener()
    [(where, turn)] = await next_program.turns.recover()
    assert where == scope
    assert turn.take.text == "Mara opens the door"
    assert (await ledger.threads.conversation(scope)).thread.title
    assert (turn.take.status, turn.take.reason) == (TakeStatus.STOPPED, INTERRUPTED)
    assert await talk.drain() == [("turn", turn.id)]
    assert await next_program.turns.recover() == []


async def test_a_program_taken_for_dead_can_still_finish_its_answer(opener, ledger, scope, show):
    begun = await ledger.turns.begin(scope, "ana", "Go on", "chat")
    await (await opener()).turns.recover()
    turn = await ledger.turns.finish(scope, begun.take.id, "All of it.", TakeStatus.COMPLETE)
    assert (turn.take.text, turn.take.status, turn.take.reason) == ("All of it.", TakeStatus.COMPLETE, "")


async def test_a_finished_answer_carries_its_receipts_and_titles_its_thread(ledger, scope, show):
    begun = await ledger.turns.begin(scope, "ana", "\nTell me   of the salt road, " + "and more " * 20, "chat")
    receipts = {"passages": [{"id": "p", "score": 0.5}], "dropped": []}
    turn = await ledger.turns.finish(scope, begun.take.id, "It is long.", TakeStatus.COMPLETE, "", receipts, "local:x")
    assert (turn.take.receipts, turn.take.writer) == (receipts, "local:x")
    title = (await ledger.threads.conversation(scope)).thread.title
    assert title.startswith("Tell me of the salt road, and more")
    assert title.endswith("…")
    assert len(title) <= 60


async def test_a_title_that_was_given_is_kept(ledger, scope, show, talk):
    await ledger.threads.rename(scope, "Episode 3")
    await talk.say("Something else")
    assert (await ledger.threads.latest(scope)).title == "Episode 3"


async def test_an_answer_that_has_ended_stays_as_it_is(ledger, scope, show, talk):
    turn = await talk.say("Hello", "Hi.")
    await talk.drain()
    await ledger.turns.draft(scope, turn.take.id, "other")
    assert (await ledger.turns.finish(scope, turn.take.id, "other", TakeStatus.FAILED)).take == turn.take
    assert await talk.drain() == []


async def test_another_take_becomes_the_answer_when_it_ends_and_the_first_is_kept(ledger, scope, show, talk):
    turn = await talk.say("Go", "one")
    second = await ledger.turns.again(scope, turn.id, "darker")
    assert (second.number, second.steer, second.status) == (2, "darker", TakeStatus.WRITING)
    assert (await ledger.turns.get(scope, turn.id)).take.text == "one"
    after = await ledger.turns.finish(scope, second.id, "two", TakeStatus.STOPPED, "You stopped it.")
    assert after.take.text == "two"
    assert [take.text for take in await ledger.turns.takes(scope, turn.id)] == ["one", "two"]
    await talk.drain()
    assert (await ledger.turns.choose(scope, turn.id, turn.take.id)).take.text == "one"
    assert await talk.drain() == [("turn", turn.id)]


async def test_a_persons_own_take_is_added_chosen_and_queued_for_the_index(ledger, scope, show, talk):
    turn = await talk.say("Go", "one")
    await talk.drain()
    after = await ledger.turns.revise(scope, turn.id, "mine", "Ana", {"edited": {"name": "Ana"}})
    assert (after.take.text, after.take.writer, after.take.number) == ("mine", "Ana", 2)
    assert after.take.status is TakeStatus.COMPLETE
    assert [take.text for take in await ledger.turns.takes(scope, turn.id)] == ["one", "mine"]
    assert await talk.drain() == [("turn", turn.id)]
    with pytest.raises(Refused):
        await ledger.turns.revise(scope, turn.id, " ", "Ana", {})
    with pytest.raises(NotFound):
        await ledger.turns.revise(replace(scope, tenant="other"), turn.id, "theirs", "Eve", {})


@pytest.mark.parametrize(("text", "status"), [("", TakeStatus.STOPPED), ("half", TakeStatus.FAILED)])
async def test_a_take_that_came_to_nothing_does_not_replace_an_answer(ledger, scope, show, talk, text, status):
    turn = await talk.say("Go", "one")
    second = await ledger.turns.again(scope, turn.id)
    assert (await ledger.turns.finish(scope, second.id, text, status)).take.text == "one"


async def test_a_take_interrupted_by_a_crash_does_not_replace_an_answer(ledger, scope, show, talk):
    turn = await talk.say("Go", "one")
    second = await ledger.turns.again(scope, turn.id)
    await ledger.turns.draft(scope, second.id, "tw")
    [(_, after)] = await ledger.turns.recover()
    assert after.take.text == "one"
    assert (await ledger.turns.takes(scope, turn.id))[1].text == "tw"


async def test_a_good_take_replaces_an_answer_that_failed(ledger, scope, show):
    begun = await ledger.turns.begin(scope, "ana", "Go", "chat")
    await ledger.turns.finish(scope, begun.take.id, "", TakeStatus.FAILED, "The model is gone.")
    second = await ledger.turns.again(scope, begun.turn.id)
    assert (await ledger.turns.finish(scope, second.id, "", TakeStatus.FAILED)).take.number == 2
    third = await ledger.turns.again(scope, begun.turn.id)
    assert (await ledger.turns.finish(scope, third.id, "three", TakeStatus.COMPLETE)).take.text == "three"


async def test_what_is_still_written_cannot_be_chosen_nor_ended_as_written(ledger, scope, show, talk):
    turn = await talk.say("Go", "one")
    second = await ledger.turns.again(scope, turn.id)
    with pytest.raises(Refused):
        await ledger.turns.choose(scope, turn.id, second.id)
    with pytest.raises(Refused):
        await ledger.turns.finish(scope, second.id, "x", TakeStatus.WRITING)


async def test_a_take_of_one_turn_cannot_be_chosen_for_another(ledger, scope, show, talk):
    one, two = await talk.say("a"), await talk.say("b")
    with pytest.raises(NotFound):
        await ledger.turns.choose(scope, one.id, two.take.id)


async def test_a_turn_needs_an_open_thread(ledger, scope):
    with pytest.raises(NotFound):
        await ledger.turns.begin(scope, "ana", "Hello", "chat")


async def test_a_caller_that_gives_up_leaves_the_ledger_working(ledger, scope, show, talk):
    for n in range(25):
        task = asyncio.create_task(talk.say(f"{n}", event=f"e{n}"))
        await asyncio.sleep(0.002 * (n % 7))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for n in range(25):
        begun = await ledger.turns.begin(scope, "ana", f"{n}", "chat", f"e{n}")
        await ledger.turns.finish(scope, begun.take.id, "done", TakeStatus.COMPLETE)
    assert sorted(int(text) for text in await talk.heard()) == list(range(25))


@pytest.mark.parametrize(
    "text",
    ["nul \0 here", "half \ud800 pair", "👩‍👩‍👧 🏴‍☠️", "שלום \u202bעולם\u202c", "نام\u200cه", "e\u0301", " \r\n\t "],
)
async def test_any_text_comes_back_whole_or_with_its_holes_marked(ledger, scope, show, text):
    begun = await ledger.turns.begin(scope, text, text, "chat", text)
    await ledger.turns.finish(scope, begun.take.id, text, TakeStatus.COMPLETE, text, {"quoted": text}, text)
    turn = await ledger.turns.get(scope, begun.turn.id)
    holes = text.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    assert (turn.text, turn.take.text, turn.take.reason, turn.author) == (holes,) * 4
    assert turn.take.receipts["quoted"].replace("\0", "\ufffd") == holes
    assert not (await ledger.turns.begin(scope, text, text, "chat", text)).fresh
