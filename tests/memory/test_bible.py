"""The canon follows a bible file, and the room's own word outlives a file that says nothing new."""

from memory import Draft, Status, Synced

FILE = "/shows/bible.md"
MARA = Draft("character", "Mara", "A smuggler.")
QUAY = Draft("place", "The Quay", "Wet.")


async def sync(ledger, show, *drafts):
    return await ledger.bible.sync(show.tenant, show.id, FILE, drafts, "file")


async def accepted(ledger, show):
    return [entry.text for entry in await ledger.canon.listing(show.tenant, show.id)]


async def test_the_same_file_again_changes_nothing(ledger, show, talk):
    assert await sync(ledger, show, MARA, QUAY) == Synced(new=2)
    await talk.drain()
    before = await ledger.shows.get(show.tenant, show.id)
    assert await sync(ledger, show, MARA, QUAY) == Synced(unchanged=2)
    assert await talk.drain() == []
    assert await ledger.shows.get(show.tenant, show.id) == before


async def test_a_changed_file_changes_retires_and_brings_back(ledger, show):
    await sync(ledger, show, MARA, QUAY)
    spy = Draft("character", "Mara", "A spy.")
    assert await sync(ledger, show, spy) == Synced(changed=1, retired=1)
    assert await accepted(ledger, show) == ["A spy."]
    assert await sync(ledger, show, spy) == Synced(unchanged=1)
    assert await sync(ledger, show, spy, QUAY) == Synced(changed=1, unchanged=1)
    assert await accepted(ledger, show) == ["A spy.", "Wet."]


async def test_the_rooms_edit_outlives_a_file_that_says_what_it_always_said(ledger, show):
    await sync(ledger, show, MARA)
    [mara] = await ledger.canon.listing(show.tenant, show.id)
    await ledger.canon.edit(show.tenant, show.id, mara.id, "ana", name="Maren", text="Ours.")
    assert await sync(ledger, show, MARA) == Synced(unchanged=1)
    assert await accepted(ledger, show) == ["Ours."]
    assert await sync(ledger, show) == Synced()
    assert await accepted(ledger, show) == ["Ours."]
    assert await sync(ledger, show, Draft("character", "Mara", "A spy.")) == Synced(changed=1)
    assert await accepted(ledger, show) == ["A spy."]


async def test_what_the_room_retired_stays_retired_until_the_file_says_something_new(ledger, show):
    await sync(ledger, show, MARA)
    [mara] = await ledger.canon.listing(show.tenant, show.id)
    await ledger.canon.decide(show.tenant, show.id, mara.id, Status.RETIRED, "ana")
    assert await sync(ledger, show, MARA) == Synced(unchanged=1)
    assert await accepted(ledger, show) == []


async def test_one_file_does_not_retire_what_another_told(ledger, show):
    await sync(ledger, show, MARA)
    assert await ledger.bible.sync(show.tenant, show.id, "/other.md", [QUAY], "file") == Synced(new=1)
    assert await accepted(ledger, show) == ["A smuggler.", "Wet."]


async def test_a_name_that_stands_twice_in_a_file_is_told(ledger, show):
    twice = (MARA, Draft("character", "MARA", "Somebody else."))
    assert await sync(ledger, show, *twice) == Synced(new=1, doubled=("MARA",))
    assert await sync(ledger, show, *twice) == Synced(unchanged=1, doubled=("MARA",))
