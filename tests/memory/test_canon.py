"""Canon grows by versions; every verdict is kept; what is in force is never in doubt."""

import asyncio

import pytest

from memory import Draft, Name, NotFound, Refused, Status
from memory.store.reach import new_id

MARA = Draft("character", "Mara", "A smuggler.", aliases=("The Fox",), tags=("cast",), starts="e1", ends="e9")


async def version(ledger, show):
    return (await ledger.shows.get(show.tenant, show.id)).canon_version


async def test_a_new_entry_is_in_force_and_the_index_hears_of_it(ledger, show, talk):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    assert (mara.version, mara.status, mara.who, mara.aliases) == (1, Status.ACCEPTED, "ana", ("The Fox",))
    assert await ledger.canon.listing(show.tenant, show.id) == (mara,)
    assert await ledger.canon.names(show.tenant, show.id) == (Name(mara.id, "character", "Mara", ("The Fox",)),)
    assert await talk.drain() == [("entry", mara.id)]
    assert (await ledger.indexable.entry(mara.id))[0] == (mara,)
    assert await version(ledger, show) == 1


async def test_saying_the_same_again_changes_nothing(ledger, show, talk):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    await talk.drain()
    assert await ledger.canon.add(show.tenant, show.id, MARA, "ben") == mara
    assert await talk.drain() == []
    assert await version(ledger, show) == 1


async def test_the_same_name_and_kind_make_a_new_version_and_the_old_one_is_kept(ledger, show):
    old = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    new = await ledger.canon.add(show.tenant, show.id, Draft("character", "ＭＡＲＡ", "A spy."), "ben")
    assert (new.id, new.version) == (old.id, 2)
    assert [entry.text for entry in await ledger.canon.history(show.tenant, show.id, old.id)] == [
        "A smuggler.",
        "A spy.",
    ]
    assert (await ledger.canon.add(show.tenant, show.id, Draft("place", "Mara", "A hill."), "ana")).id != old.id
    assert await version(ledger, show) == 3


async def test_entries_are_found_by_name_and_alias_however_they_are_written(ledger, show):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    fox = await ledger.canon.add(show.tenant, show.id, Draft("thing", "The fox", "A ship."), "ana")
    assert await ledger.canon.find(show.tenant, show.id, " THE  FOX ") == (fox, mara)
    assert await ledger.canon.find(show.tenant, show.id, "mARA") == (mara,)
    await ledger.canon.edit(show.tenant, show.id, mara.id, "ana", aliases=("Vixen",))
    assert await ledger.canon.find(show.tenant, show.id, "the fox") == (fox,)
    assert await ledger.canon.find(show.tenant, show.id, "nobody") == ()


async def test_a_proposal_waits_beside_what_is_in_force_until_it_is_accepted(ledger, show):
    old = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    idea = await ledger.canon.add(show.tenant, show.id, Draft("character", "Mara", "A queen."), "bot", Status.PROPOSED)
    assert await ledger.canon.listing(show.tenant, show.id) == (old,)
    assert await ledger.canon.listing(show.tenant, show.id, statuses=(Status.PROPOSED,)) == (idea,)
    assert (await ledger.indexable.entry(old.id))[0] == (old, idea)
    accepted = await ledger.canon.decide(show.tenant, show.id, old.id, Status.ACCEPTED, "ben", "yes", "https://x/1")
    assert (accepted.text, accepted.status) == ("A queen.", Status.ACCEPTED)
    assert await ledger.canon.get(show.tenant, show.id, old.id) == accepted
    verdicts = await ledger.canon.decisions(show.tenant, show.id, old.id)
    assert [(d.version, d.who, d.verdict, d.why, d.where) for d in verdicts] == [
        (1, "ana", Status.ACCEPTED, "", ""),
        (2, "ben", Status.ACCEPTED, "yes", "https://x/1"),
    ]


async def test_a_rejected_idea_is_remembered_and_what_is_in_force_stays(ledger, show):
    old = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    await ledger.canon.add(show.tenant, show.id, Draft("character", "Mara", "A queen."), "bot", Status.PROPOSED)
    no = await ledger.canon.decide(show.tenant, show.id, old.id, Status.REJECTED, "ben", "too grand")
    assert await ledger.canon.listing(show.tenant, show.id) == (old,)
    assert await ledger.canon.listing(show.tenant, show.id, statuses=(Status.REJECTED,)) == (no,)
    pitched = await ledger.canon.add(
        show.tenant, show.id, Draft("character", "Mara", "A queen."), "bot", Status.PROPOSED
    )
    assert pitched.status is Status.REJECTED


async def test_a_second_persons_same_verdict_is_kept_and_changes_nothing(ledger, show, talk):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    await talk.drain()
    await ledger.canon.decide(show.tenant, show.id, mara.id, Status.ACCEPTED, "ben")
    assert len(await ledger.canon.decisions(show.tenant, show.id, mara.id)) == 2
    assert await talk.drain() == []
    assert await version(ledger, show) == 1


async def test_a_retired_entry_is_no_longer_true_and_can_come_back(ledger, show):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    await ledger.canon.decide(show.tenant, show.id, mara.id, Status.RETIRED, "ben", "cut")
    assert await ledger.canon.names(show.tenant, show.id) == ()
    assert (await ledger.canon.get(show.tenant, show.id, mara.id)).status is Status.RETIRED
    back = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    assert (back.id, back.version, back.status) == (mara.id, 1, Status.ACCEPTED)
    assert await ledger.canon.listing(show.tenant, show.id) == (back,)


async def test_an_older_version_that_is_accepted_again_holds_alone(ledger, show):
    old = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    await ledger.canon.edit(show.tenant, show.id, old.id, "ben", text="Older.")
    back = await ledger.canon.decide(show.tenant, show.id, old.id, Status.ACCEPTED, "ana", version=1)
    assert await ledger.canon.listing(show.tenant, show.id) == (back,) == (old,)
    assert [one.status for one in (await ledger.indexable.entry(old.id))[0]] == [Status.ACCEPTED, Status.RETIRED]
    await ledger.canon.edit(show.tenant, show.id, old.id, "bot", text="Oldest.", status=Status.PROPOSED)
    await ledger.canon.decide(show.tenant, show.id, old.id, Status.ACCEPTED, "ana", version=2)
    proposed = await ledger.canon.listing(show.tenant, show.id, statuses=(Status.PROPOSED,))
    assert [one.text for one in proposed] == ["Oldest."], "what waits goes on waiting"


async def test_an_edit_changes_what_it_names_and_renames_the_entry(ledger, show):
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    renamed = await ledger.canon.edit(show.tenant, show.id, mara.id, "ben", name="Maren", text="Older.")
    assert (renamed.version, renamed.name, renamed.text, renamed.aliases) == (2, "Maren", "Older.", ("The Fox",))
    assert await ledger.canon.find(show.tenant, show.id, "Mara") == ()
    assert (await ledger.canon.add(show.tenant, show.id, MARA, "ana")).id != mara.id
    with pytest.raises(Refused):
        await ledger.canon.edit(show.tenant, show.id, renamed.id, "ben", name="Mara")
    assert await ledger.canon.get(show.tenant, show.id, renamed.id) == renamed


async def test_people_who_write_canon_at_once_lose_no_version(opener, ledger, show):
    other = await opener()
    drafts = [Draft("character", "Mara", f"Text {n}") for n in range(8)]
    both = zip((ledger, other) * 4, drafts, strict=True)
    await asyncio.gather(*(one.canon.add(show.tenant, show.id, draft, "ana") for one, draft in both))
    [mara] = await ledger.canon.listing(show.tenant, show.id)
    assert len(await ledger.canon.history(show.tenant, show.id, mara.id)) == 8
    assert await version(ledger, show) == 8


async def test_what_is_no_entry_is_refused_in_a_sentence(ledger, show):
    for draft in (Draft("gossip", "Mara", ""), Draft("character", "  ", "x")):
        with pytest.raises(Refused):
            await ledger.canon.add(show.tenant, show.id, draft, "ana")
    for call in (ledger.canon.history, ledger.canon.edit):
        with pytest.raises(NotFound):
            await call(show.tenant, show.id, new_id(), *(["ana"] if call == ledger.canon.edit else []))
    mara = await ledger.canon.add(show.tenant, show.id, MARA, "ana")
    with pytest.raises(NotFound):
        await ledger.canon.decide(show.tenant, show.id, mara.id, Status.ACCEPTED, "ana", version=7)
