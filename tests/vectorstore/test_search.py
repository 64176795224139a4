"""What a search finds and why, through the real embedder and the real store."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from vectorstore import Origin, Passage, Query, Sight
from vectorstore.choice import Candidate, choose
from vectorstore.embedding import Embedded, Embedder
from vectorstore.errors import EmbedderDown
from vectorstore.index import Index
from vectorstore.store import Stored

Make = Callable[..., Passage]
SIGHT = Sight("t", "s")


async def test_a_name_finds_its_entry_before_those_that_talk_about_it(index: Index, canon: Make) -> None:
    await index.put(
        [
            canon("Mara Voss", "Keeps the light. Afraid of deep water.", names=("Mara Voss", "the Keeper")),
            canon("Tom", "Tom asks Mara, tells Mara, watches Mara Voss, and dreams of Mara Voss all day."),
            canon("Harbour", "Boats, nets and gulls."),
        ]
    )
    for text in ("Who is MARA VOSS?", "Mara Voss's past", "what does the keeper want"):
        best = (await index.search(Query(SIGHT, text))).hits[0]
        assert best.passage.title == "Mara Voss"
        assert best.signals["name"] > 0
    asked = await index.search(Query(SIGHT, "what does she want", names=("mara  voss",)))
    assert asked.hits[0].passage.title == "Mara Voss"


async def test_a_name_is_matched_as_whole_words_only(index: Index, canon: Make) -> None:
    await index.put([canon("Ann", "A baker."), canon("Will", "A sailor."), canon("Bell", "A bell.")])
    found = await index.search(Query(SIGHT, "will the annual fair be held"))
    assert all("name" not in hit.signals for hit in found.hits)


async def test_chinese_is_found_by_meaningful_words_and_by_name(index: Index, canon: Make) -> None:
    await index.put(
        [
            canon("林黛玉", "住在潇湘馆，体弱多病，喜欢写诗。"),
            canon("薛宝钗", "住在蘅芜苑，戴着一把金锁。"),
            canon("荣国府", "贾家的宅院，1889年重修。"),
        ]
    )
    assert (await index.search(Query(SIGHT, "谁戴着金锁？"))).hits[0].passage.title == "薛宝钗"
    assert (await index.search(Query(SIGHT, "林黛玉后来怎么样了"))).hits[0].signals["name"] > 0
    assert (await index.search(Query(SIGHT, "1889 年发生了什么"))).hits[0].passage.title == "荣国府"


async def test_meaning_is_found_without_a_common_word(index: Index, canon: Make) -> None:
    await index.put(
        [canon("The Gull", "A tavern with green shutters."), canon("Tom", "Mends nets."), canon("Pier", "Old planks.")]
    )
    best = (await index.search(Query(SIGHT, "where can people get a beer"))).hits[0]
    assert best.passage.title == "The Gull"
    assert best.signals["coverage"] == 0.0


async def test_signals_tell_a_match_from_the_best_of_nothing(index: Index, canon: Make) -> None:
    await index.put([canon("Mara", "Mara is afraid of deep water."), canon("Tom", "Tom mends nets in the harbour.")])
    real = (await index.search(Query(SIGHT, "What is Mara afraid of?"))).hits[0].signals
    idle = (await index.search(Query(SIGHT, "hi there"))).hits[0].signals
    assert real["cosine"] > 0.5 > 0.3 > idle["cosine"]
    assert real["coverage"] == 1.0
    assert idle["coverage"] == 0.0


async def test_the_shares_sum_to_the_score(index: Index, canon: Make, turn: Make) -> None:
    await index.put([canon("Mara", "Mara fears water."), turn(2, "We said Mara swims."), turn(9, "Mara drowns?")])
    query = Query(Sight("t", "s", "th", {"main": 9}), "does Mara swim", kinds=("character",))
    hits = (await index.search(query)).hits
    assert {hit.passage.origin for hit in hits} == {Origin.CANON, Origin.TURN}
    for hit in hits:
        shares = [share for name, share in hit.signals.items() if name not in ("cosine", "coverage")]
        assert sum(shares) == pytest.approx(hit.score, abs=1e-4)


async def test_another_phrasing_adds_what_it_finds(index: Index, canon: Make) -> None:
    await index.put([canon(f"N{n}", text) for n, text in enumerate(("Quartz mine.", "Rope walk.", "Salt pans."))])
    query = Query(SIGHT, "what about that place?", also=("what about the salt pans?",))
    assert (await index.search(query)).hits[0].passage.text == "Salt pans."


async def test_adjacent_passages_that_both_hit_become_one_in_reading_order(index: Index, source: Make) -> None:
    first = "The lamp of the lighthouse went out at nine. " * 5 + "Nobody on the lighthouse stair spoke a word."
    second = "Nobody on the lighthouse stair spoke a word. " + "Then the lighthouse lamp was lit again by Mara. " * 5
    await index.put(
        [
            source("story", 4, first),
            source("story", 5, second),
            source("story", 9, "The lighthouse lamp, years later, stood in a museum among other lamps. " * 3),
            source("other", 0, "A recipe for fish soup with dill and potatoes and patience. " * 4),
        ]
    )
    found = await index.search(Query(SIGHT, "the lighthouse lamp went out and was lit again"))
    joined = next(hit for hit in found.hits if len(hit.joined) > 1)
    assert [one.order for one in joined.joined] == [4, 5]
    assert joined.text.startswith("The lamp")
    assert joined.text.count("Nobody on the lighthouse stair") == 1
    assert sum(hit.passage.record == "story" for hit in found.hits) == 2


async def test_a_short_hit_is_completed_by_what_stands_beside_it(index: Index, source: Make) -> None:
    await index.put(
        [
            source("scene", 0, "INT. LIGHTHOUSE", path=("One",)),
            source("scene", 1, "Rain drums. Tom dries a map by the stove and hums to himself.", path=("One",)),
            source("scene", 2, "Another scene altogether, in the market.", path=("Two",)),
            *(source(f"far{n}", 0, f"Filler number {n} about soup and kettles and bread. " * 4) for n in range(4)),
        ]
    )
    best = (await index.search(Query(SIGHT, "int. lighthouse", limit=1))).hits[0]
    assert best.text == "INT. LIGHTHOUSE\n\nRain drums. Tom dries a map by the stove and hums to himself."


async def test_the_limit_holds_and_what_is_left_out_says_why(index: Index, canon: Make, source: Make) -> None:
    facts = ("owns a red kite", "rides to Oslo", "cuts ice", "paints ships", "lost a boot", "plays the horn")
    await index.put([source(f"doc{n}", 0, f"Mara {fact}.") for n, fact in enumerate(facts)])
    await index.put([canon("Mara", "Mara keeps the lighthouse."), canon("Tom", "Tom knows Mara.")])
    found = await index.search(Query(SIGHT, "Mara", limit=4))
    assert len(found.hits) == len(found.missed) == 4
    assert all(reason.startswith("the limit of 4 passages was reached") for _, reason in found.missed)


def test_a_document_does_not_crowd_out_what_is_nearly_as_likely(canon: Make, source: Make, turn: Make) -> None:
    script = [(source("script", 2 * n, f"Scene {n}."), 5.0 - n / 10) for n in range(8)]
    others = [(source(f"notes{n}", 0, f"Note {n}."), 3.5 - n / 10) for n in range(3)]
    canons = [(canon(f"Entry {n}", f"Fact {n}."), 3.2 - n / 10) for n in range(3)]
    hits, missed = choose(_rated([*script, *others, *canons, (turn(1, "Said."), 2.9)]), limit=8)
    assert [hit.passage.record for hit in hits[:3]] == ["script"] * 3
    told = [hit.passage.origin for hit in hits]
    assert (told.count(Origin.SOURCE), told.count(Origin.CANON), told.count(Origin.TURN)) == (4, 3, 1)
    assert sum(hit.passage.record == "script" for hit in hits) == 3
    (why,) = [reason for hit, reason in missed if hit.passage.text == "Scene 3."]
    assert why == "the limit of 8 passages was reached, and there is enough of its kind"


def test_what_is_much_likelier_is_told_however_much_there_is_of_its_kind(canon: Make, source: Make) -> None:
    script = [(source("script", 2 * n, f"Scene {n}."), 9.0 - n / 10) for n in range(8)]
    hits, _ = choose(_rated([*script, (canon("Soup", "Has dill."), 1.0)]), limit=8)
    assert {hit.passage.record for hit in hits} == {"script"}


def _rated(passages: Sequence[tuple[Passage, float]]) -> list[Candidate]:
    apart = array("f", [0.0])
    return [Candidate(Stored(one.id, one, apart, {}, frozenset()), score, dict) for one, score in passages]


async def test_what_says_the_same_is_told_once(index: Index, source: Make) -> None:
    await index.put([source(f"copy{n}", 0, "The bell rang thirteen times that night.") for n in range(3)])
    await index.put([source("bells", 0, "Bells are cast in bronze, in a pit of loam.")])
    found = await index.search(Query(SIGHT, "how often did the bell ring"))
    assert sum("thirteen" in hit.text for hit in found.hits) == 1
    assert sum("nearly the same" in reason for _, reason in found.missed) == 2


def test_what_is_alike_but_for_a_word_that_was_asked_for_is_told(source: Make) -> None:
    alike = array("f", [1.0, 0.0])
    six = Stored("6", source("six", 0, "Cabin 6 is let."), alike, {1: 1.0}, frozenset())
    seven = Stored("7", source("seven", 0, "Cabin 7 is let."), alike, {1: 1.0}, frozenset())
    asked_for = Stored("13", source("thirteen", 0, "Cabin 13 is let."), alike, {1: 1.0, 13: 1.0}, frozenset())
    rated = [(six, 3.0), (seven, 2.0), (asked_for, 1.0)]
    hits, missed = choose([Candidate(stored, score, dict) for stored, score in rated], limit=3)
    assert [hit.passage.record for hit in hits] == ["six", "thirteen"]
    assert [(hit.passage.record, why) for hit, why in missed] == [("seven", "says nearly the same as six")]


async def test_a_preferred_kind_and_a_later_turn_win_between_equals(index: Index, canon: Make, turn: Make) -> None:
    law = canon("Law", "Nobody sails at slack tide.", kind="rule")
    await index.put([law, replace(law, kind="lore", record="lore"), canon("Tom", "Mends nets.")])
    for kind in ("rule", "lore"):
        assert (await index.search(Query(SIGHT, "who sails at slack tide", kinds=(kind,)))).hits[0].passage.kind == kind
    await index.put([turn(1, "Rename the boat to Petrel."), turn(40, "Rename the boat to Heron.")])
    found = await index.search(Query(Sight("t", "s", "th", {"main": 40}), "rename the boat to", origins=(Origin.TURN,)))
    assert found.hits[0].passage.depth == 40


async def test_without_an_embedder_words_still_answer_and_the_reader_is_told(index: Index, canon: Make) -> None:
    class Down:
        name = "bundled"

        async def read_queries(self, texts: object) -> list[Embedded]:
            raise EmbedderDown("The embedder does not answer; run dramaturg doctor.")

    await index.put([canon("Mara", "Mara fears water."), canon("Tom", "Tom mends nets.")])
    found = await Index(index._store, Down()).search(Query(SIGHT, "who mends nets"))  # type: ignore[arg-type]
    assert found.hits[0].passage.title == "Tom"
    assert found.trouble == "Found by words alone: The embedder does not answer; run dramaturg doctor."


async def test_a_closed_store_gives_no_hits_and_a_sentence(embedder: Embedder, tmp_path_factory: object) -> None:
    opened = await Index.open(tmp_path_factory.mktemp("closed"), embedder)  # type: ignore[attr-defined]
    await opened.close()
    found = await opened.search(Query(SIGHT, "anything"))
    assert found.hits == ()
    assert found.trouble.endswith(".")


@pytest.mark.parametrize("text", ["", "   ", "?!", "the of and", "\x00", "🙂", "a" * 20_000])
async def test_no_question_is_too_odd(index: Index, canon: Make, text: str) -> None:
    await index.put([canon("Mara", "Mara fears water.")])
    assert (await index.search(Query(SIGHT, text))).trouble == ""
