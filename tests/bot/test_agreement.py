"""Whatever people do, in whatever order, the index ends up holding exactly what the ledger says."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory import Draft, Scope
from memory.store.outbox import Outbox
from vectorstore import Origin, Query, Sight

_threads = count()
NAMES = ("Mara", "Gerald", "Net Loft")
DO = st.one_of(
    st.sampled_from(("/undo", "/redo", "/again", "/again darker", "/takes 1", "/keep", "say", "/stop")),
    st.sampled_from(NAMES).flatmap(
        lambda name: st.sampled_from(
            (
                f"/keep {name}: {name} sleeps in the boathouse. as thing",
                f"/keep {name}: {name} was sold in spring. as thing",
                f"/canon edit {name}: {name} has moved to the bakery.",
                f"/canon retire {name}",
            )
        )
    ),
)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(DO, min_size=6, max_size=14))
async def test_after_any_sequence_the_index_equals_the_ledger_and_shows_no_ghost(desk: Any, steps: list[str]) -> None:
    # Every example is a thread of its own in the same room, beside what earlier examples left.
    here = desk.at(Scope("slack", "T1", "C1", f"th{next(_threads)}"))
    for number, step in enumerate(steps):
        if step == "say":
            await here.say(f"In week {number} the barrel is moved.")
        else:
            stage = await here.do(step)
            assert stage.reply.status in ("complete", "failed")
            assert not [fail for fail in stage.fails if "Something went wrong" in fail]
    await here.agrees()


async def test_after_any_of_it_reindex_gives_the_same_passages_and_the_same_search(desk: Any) -> None:
    for number in range(3):
        await desk.say(f"In week {number} Gerald is carried to the boathouse.")
    await desk.do("/keep Gerald: Gerald is a tuba in E flat. as thing")
    await desk.do("/keep Mara: Mara keeps the light. as character")
    await desk.do("/canon edit Mara: Mara keeps the light and the tuba Gerald.")
    await desk.do("/undo")
    await desk.agrees()
    before, held = await _searched(desk), await desk.app.index.fingerprints()
    await desk.app.index.clear()
    assert await desk.app.index.count() == 0
    await desk.app.ledger.outbox.everything()
    await desk.agrees()
    assert await desk.app.index.fingerprints() == held
    assert await _searched(desk) == before


async def _searched(desk: Any) -> list[Any]:
    talk = await desk.app.rooms.enter(desk.scope)
    sight = Sight(talk.show.tenant, talk.show.id, talk.thread.id, {talk.thread.branch: talk.window[-1].depth})
    asked = ("Where is Gerald carried?", "Who keeps the light?", "tuba")
    found = [await desk.app.index.search(Query(sight, text)) for text in asked]
    return [[(hit.passage.id, round(hit.score, 3), hit.text) for hit in one.hits] for one in found]


async def test_a_job_cut_off_between_the_index_and_the_outbox_is_done_again_without_harm(desk: Any) -> None:
    """A program that dies after the index was written and before the outbox was told."""
    await desk.do("/keep Gerald: Gerald is a tuba in E flat. as thing")
    await desk.agrees()
    show = await desk.show()
    entry = (await desk.app.ledger.canon.find(show.tenant, show.id, "Gerald"))[0]
    await desk.app.ledger.canon.edit(show.tenant, show.id, entry.id, "eva", text="Gerald was sold.")
    jobs = await desk.app.ledger.outbox.pending(10)
    cut = desk.app.librarian._cut
    for job in jobs:
        await desk.app.index.replace(job.id, await cut(job))
    assert await desk.app.ledger.outbox.count() == len(jobs) == 1
    assert await desk.app.librarian.settle() == 1
    await desk.agrees()


async def test_what_was_committed_before_a_crash_reaches_the_index_at_the_next_start(
    build: Callable[..., Any], sit: Any
) -> None:
    """A program that dies between the ledger's commit and the index: nobody rang, nothing was applied."""
    first = await sit(await build())
    show = (await first.app.rooms.enter(first.scope)).show
    from_bible = [("Gerald", "A tuba in E flat."), ("Ottilie", "A barrel of herring.")]
    for name, text in from_bible:
        await first.app.ledger.canon.add(show.tenant, show.id, _thing(name, text), "eva")
    second = await sit(await build())
    async with asyncio.timeout(20):
        while await second.app.ledger.outbox.count():  # noqa: ASYNC110 - the librarian works behind
            await asyncio.sleep(0.02)
    found = await second.app.index.search(Query(Sight(show.tenant, show.id), "tuba"))
    assert found.hits[0].passage.title == "Gerald"
    await second.agrees()


def _thing(name: str, text: str) -> Draft:
    return Draft("thing", name, text)


async def test_a_change_made_while_its_record_is_indexed_is_not_lost(desk: Any) -> None:
    """The worker has read the old text when the new one is committed: the newer job stays."""
    await desk.do("/keep Gerald: Gerald is a tuba in E flat. as thing")
    show = await desk.show()
    await desk.app.librarian.settle()
    entry = (await desk.app.ledger.canon.find(show.tenant, show.id, "Gerald"))[0]
    await desk.app.ledger.canon.edit(show.tenant, show.id, entry.id, "eva", text="Gerald was sold.")
    outbox: Outbox = desk.app.ledger.outbox
    (old,) = await outbox.pending(10)
    stale = await desk.app.librarian._cut(old)
    await desk.app.ledger.canon.edit(show.tenant, show.id, entry.id, "eva", text="Gerald was bought back.")
    await desk.app.index.replace(old.id, stale)
    await outbox.done([old.number])
    assert await outbox.count() == 1
    await desk.agrees()
    found = await desk.app.index.search(Query(Sight(show.tenant, show.id), "Gerald", origins=(Origin.CANON,)))
    assert [hit.text for hit in found.hits] == ["Gerald was bought back."]


async def test_catch_up_says_whether_the_index_agrees_and_does_not_wait_for_ever(desk: Any) -> None:
    assert await desk.app.librarian.catch_up(5) is True
    idle = desk.app.ledger.outbox
    show = (await desk.app.rooms.enter(desk.scope)).show
    # Nobody works behind on this one: it can only wait.
    alone = type(desk.app.librarian)(idle, desk.app.index, desk.app.librarian._cut)
    async with desk.app.librarian._turnstile:
        await desk.app.ledger.canon.add(show.tenant, show.id, _thing("Ottilie", "A barrel."), "eva")
        assert await alone.catch_up(0.05) is False
    await desk.agrees()
    assert await alone.catch_up(5) is True
