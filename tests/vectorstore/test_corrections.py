"""What was taken back stands behind what it was replaced with; when something was is answered from dates."""

from collections.abc import Callable, Sequence

import pytest

from vectorstore import Hit, Passage, Query, Sight
from vectorstore.index import Index

Make = Callable[..., Passage]
SIGHT = Sight("t", "s", "th", {"main": 99})
SMALL_TALK = (
    "I had soup for lunch.",
    "Let us talk about the market scene.",
    "The orchestra rehearses on Tuesdays.",
    "Ilse carries the ladder to the pier.",
    "It rains through all of act two.",
    "Tom sings in the choir.",
)


async def asked(index: Index, passages: Sequence[Passage], question: str) -> list[Hit]:
    await index.put(passages)
    found = await index.search(Query(SIGHT, question, limit=6))
    assert not found.trouble
    return list(found.hits)


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        ("What instrument is Gerald?", "Gerald is a tuba in E flat.", "Correction: Gerald is a trombone, not a tuba."),
        ("Where does Mara live?", "Mara lives in the lighthouse.", "No, Mara lives in the bakery now."),
        ("How old is Ottilie?", "Ottilie is forty years old.", "Make Ottilie fifty years old instead."),
        ("What colour is the boat?", "The boat is red.", "Scratch that, the boat is green."),
        ("What does the copper bell mean?", "The copper bell means a storm is coming.",
         "The copper bell means somebody has died; forget the storm."),
    ],
)  # fmt: skip
async def test_a_correction_comes_before_what_it_corrects(
    index: Index, turn: Make, question: str, old: str, new: str
) -> None:
    said = [(3, old), *((10 + at, text) for at, text in enumerate(SMALL_TALK)), (30, new), (31, "Good.")]
    hits = await asked(index, [turn(depth, text, speaker="Mara", date="2026-03-01") for depth, text in said], question)
    texts = [hit.text for hit in hits]
    assert texts.index(new) < texts.index(old), "what was taken back is still found, behind"


async def test_what_corrects_says_so_and_its_shares_sum_to_its_score(index: Index, turn: Make) -> None:
    said = [turn(3, "Ottilie is forty years old."), turn(30, "Make Ottilie fifty years old instead.")]
    said += [turn(10 + at, text) for at, text in enumerate(SMALL_TALK)]
    first, second = (await asked(index, said, "How old is Ottilie?"))[:2]
    assert (first.passage.depth, second.passage.depth) == (30, 3)
    assert first.signals["corrects"] > 0
    assert first.score == pytest.approx(second.score + 0.01)
    shares = sum(share for name, share in first.signals.items() if name not in ("cosine", "coverage"))
    assert shares == pytest.approx(first.score, abs=1e-4)


async def test_the_older_of_two_is_no_correction_and_neither_is_a_no_about_something_else(
    index: Index, turn: Make
) -> None:
    said = [turn(3, "No, the boat is green now."), turn(20, "The boat is red."), turn(30, "No, I had soup instead.")]
    hits = await asked(index, said, "What colour is the boat?")
    assert not any("corrects" in hit.signals for hit in hits)


async def test_a_day_that_is_asked_for_is_found_by_the_date_it_was_said_on(index: Index, turn: Make) -> None:
    said = [turn(at, f"We talked about the ferry again, version {at}.", date=f"2026-03-0{at}") for at in range(1, 8)]
    hits = await asked(index, said, "What did we say about the ferry on 4 March?")
    assert hits[0].passage.date == "2026-03-04"
    assert hits[0].signals["date"] > 0


async def test_when_something_was_is_answered_by_the_turn_that_tells_a_time(index: Index, turn: Make) -> None:
    said = [
        turn(1, "Mara repaired the winch, and it was hard work.", date="2026-03-01"),
        turn(2, "Yesterday Mara repaired the winch.", date="2026-03-01"),
        turn(3, "Why did Mara ever repair the winch?", date="2026-03-01"),
        *(turn(10 + at, text, date="2026-03-01") for at, text in enumerate(SMALL_TALK)),
    ]
    hits = await asked(index, said, "When did Mara repair the winch?")
    assert hits[0].text == "Yesterday Mara repaired the winch."
    assert hits[0].passage.date == "2026-03-01", "what yesterday was is told by the day it was said on"
