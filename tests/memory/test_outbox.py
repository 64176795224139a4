"""Whatever changes is told to the index, and no change is taken for one that was told before."""

from memory import Draft, Record, Scope
from memory.store.reach import new_id

MARA = Draft("character", "Mara", "A smuggler.")


async def test_a_change_made_while_an_older_one_is_worked_off_is_not_lost(ledger, show):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    [job] = await ledger.outbox.pending()
    await ledger.canon.edit(show.tenant, show.id, mara.id, "ana", text="A spy.")
    await ledger.outbox.done([job.number])
    [later] = await ledger.outbox.pending()
    assert (later.record, later.id) == (Record.ENTRY, mara.id)
    assert later.number > job.number


async def test_changes_of_one_record_wait_as_one_job(ledger, show, talk):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    turn = await talk.say("Hello")
    for text in "abc":
        await ledger.canon.edit(show.tenant, show.id, mara.id, "ana", text=text)
    assert [job.id for job in await ledger.outbox.pending()] == [turn.id, mara.id]
    assert await ledger.outbox.count() == 2
    assert len(await ledger.outbox.pending(1)) == 1


async def test_everything_that_is_live_can_be_told_again(ledger, scope, show, talk):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    source, _ = await ledger.sources.put(show.tenant, show.id, "Book", "/b", "text", "d", "", ())
    turn, gone = await talk.say("Hello"), await talk.say("Never mind")
    await ledger.threads.undo(scope)
    elsewhere = Scope("discord", "G1", "R", "")
    other = await ledger.shows.ensure("G1", "Other")
    await ledger.threads.open(elsewhere, other.id)
    far = await ledger.turns.begin(elsewhere, "bo", "Hi", "chat")
    before = await ledger.outbox.pending()
    assert await ledger.outbox.everything() == 5
    jobs = await ledger.outbox.pending()
    assert [job.id for job in jobs[:3]] == [gone.id, mara.id, source.id]  # what left must still leave the index
    assert {job.id for job in jobs[3:]} == {turn.id, far.turn.id}
    await ledger.outbox.done(job.number for job in before if job.id != gone.id)
    assert await ledger.outbox.count() == 5


async def test_thousands_of_jobs_are_worked_off_at_once(ledger, show):
    await ledger.outbox.done(range(1, 3000))
    assert await ledger.outbox.pending() == []
    assert await ledger.indexable.entry(new_id()) is None


async def test_whoever_is_done_learns_what_was_taken_off_or_changed_meanwhile_and_can_put_it_back(ledger, show):
    mara, tom = [
        await ledger.canon.add(show.tenant, show.id, Draft("character", name, "Somebody."), "ana")
        for name in ("Mara", "Tom")
    ]
    first, second = await ledger.outbox.pending()
    await ledger.canon.edit(show.tenant, show.id, mara.id, "ana", text="A spy.")
    assert set(await ledger.outbox.done([first.number, second.number])) == {second.number}
    await ledger.outbox.again([first, second])
    again = await ledger.outbox.pending()
    assert [(job.record, job.id) for job in again] == [(Record.ENTRY, mara.id), (Record.ENTRY, tom.id)]
    assert min(job.number for job in again) > second.number
