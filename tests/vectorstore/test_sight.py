"""Who sees what: canaries in every other place, through the real store."""

from collections.abc import Callable
from itertools import product

from vectorstore import Found, Origin, Passage, Query, Sight
from vectorstore.index import Index
from vectorstore.sight import visible

Make = Callable[..., Passage]
CANARY = "The canary sings at midnight beneath the iron bridge."


def told(found: Found) -> set[str]:
    """Everything a search lets out: hits, what was joined to them, and what was left out."""
    every = [*found.hits, *(hit for hit, _ in found.missed)]
    return {passage.record for hit in every for passage in (hit.passage, *hit.joined)}


async def test_no_tenant_or_show_ever_sees_anothers_passages(index: Index, canon: Make, source: Make) -> None:
    places = list(product(("a", "b", "c"), ("s", "t")))
    for tenant, show in places:
        where = {"tenant": tenant, "show": show}
        await index.put(
            [
                canon("Canary", CANARY, record=f"c:{tenant}:{show}", **where),
                source(f"d:{tenant}:{show}", 0, CANARY, **where),
            ]
        )
    for tenant, show in places:
        found = await index.search(Query(Sight(tenant, show), "canary at midnight", names=("Canary",), limit=50))
        assert told(found) == {f"c:{tenant}:{show}", f"d:{tenant}:{show}"}
        assert not (await index.search(Query(Sight(tenant, "forged"), "canary", limit=50))).hits


async def test_another_shows_words_do_not_shift_a_score(index: Index, canon: Make) -> None:
    await index.put([canon("A", "canary song"), canon("B", "iron bridge"), canon("C", "midnight bell")])
    query = Query(Sight("t", "s"), "canary bell")
    before = await index.search(query)
    await index.put([canon(f"X{n}", f"canary {n}", tenant="other") for n in range(40)])
    assert (await index.search(query)).hits == before.hits


async def test_turns_are_seen_only_on_the_path_of_their_thread(index: Index, turn: Make) -> None:
    await index.put(
        [
            turn(1, CANARY, record="shared"),
            turn(3, CANARY + " Deeper.", record="past the fork"),
            turn(3, CANARY + " On the branch.", branch="what-if", record="branch"),
            turn(5, CANARY + " Later on.", branch="what-if", record="after the head"),
            turn(1, CANARY + " Elsewhere.", thread="other", record="other thread"),
        ]
    )
    sight = Sight("t", "s", "th", {"main": 2, "what-if": 4})
    assert told(await index.search(Query(sight, "canary"))) == {"shared", "branch"}
    assert told(await index.search(Query(sight, "canary", before=3))) == {"shared"}
    assert told(await index.search(Query(Sight("t", "s"), "canary"))) == set()
    assert told(await index.search(Query(Sight("t", "s", "th"), "canary"))) == set()


async def test_only_the_asked_status_and_origin_is_found(index: Index, canon: Make, source: Make) -> None:
    await index.put(
        [
            canon("In force", CANARY),
            canon("Not yet", CANARY + " Perhaps.", status="proposed"),
            canon("No more", CANARY + " Once.", status="retired"),
            source("notes", 0, CANARY + " So they say."),
        ]
    )
    sight = Sight("t", "s")
    assert told(await index.search(Query(sight, "canary"))) == {"canon:In force", "notes"}
    assert told(await index.search(Query(sight, "canary", origins=(Origin.CANON,)))) == {"canon:In force"}
    assert told(await index.search(Query(sight, "canary", statuses=("proposed",)))) == {"canon:Not yet"}
    assert told(await index.search(Query(sight, "canary", statuses=()))) == set()


def test_a_filter_that_would_let_everything_through_is_never_made() -> None:
    assert visible(Query(Sight("t", "s"), "x", origins=())) is None
    assert visible(Query(Sight("t", "s", "th"), "x", origins=(Origin.TURN,))) is None
    assert visible(Query(Sight("t", "s"), "x", statuses=())) is None
