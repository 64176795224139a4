"""What speaks for a passage: each signal against passages whose rating is plain to see."""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from vectorstore import Origin, Passage, Query, Sight, signals
from vectorstore.fusion import weigh, weights
from vectorstore.index import Index
from vectorstore.pieces import WIDTH, pack
from vectorstore.scene import Phrasing, Scene
from vectorstore.store import Stored

Make = Callable[..., Passage]
SIGHT = Sight("t", "s", "th", {"main": 99})


def stored(
    passage: Passage, words: Mapping[int, float] = {}, pairs: frozenset[tuple[int, int]] = frozenset()
) -> Stored:
    return Stored(passage.id, passage, array("f", (1.0, 0.0)), words, pairs)


def asked(text: str, words: Mapping[int, float] = {}, pairs: frozenset[tuple[int, int]] = frozenset()) -> Phrasing:
    return Phrasing(text, (1.0, 0.0), words, pairs)


def scene(*passages: Passage) -> Scene:
    return Scene([stored(one) for one in passages])


@pytest.mark.parametrize(
    ("question", "rated"),
    [
        ("What did Mara sing?", [1, -1]),
        ("What did Tom Reed sing?", [-1, 1]),
        ("What did Mara sing for Tom?", [0, 0]),
        ("Who sang?", [0, 0]),
        ("What did the marauders sing?", [0, 0]),
    ],
)
def test_who_is_named_is_preferred_as_the_one_who_speaks(turn: Make, question: str, rated: list[float]) -> None:
    said = scene(turn(1, "A song.", speaker="Mara"), turn(2, "Another.", speaker="Tom Reed"))
    assert list(signals.speaker(said, asked(question))) == rated


@pytest.mark.parametrize(
    ("question", "rated"),
    [
        ("What did Mara sing for Tom?", [1, -1, 0]),
        ("What did Reed, Tom that is, sing for Mara?", [-1, 1, 0]),
        ("What did Mara sing?", [0, 0, 0]),
    ],
)
def test_of_several_who_are_named_the_first_is_preferred(
    turn: Make, source: Make, question: str, rated: list[float]
) -> None:
    told = turn(1, "A song.", speaker="Mara"), turn(2, "Another.", speaker="Tom Reed"), source("a", 0, "A tale.")
    assert list(signals.speaker_first(scene(*told), asked(question))) == rated


@pytest.mark.parametrize(
    ("text", "rated"),
    [
        ("We sailed to Skye last Friday.", 1),
        ("I have read “The Tempest”.", 1),
        ("We sailed home last Friday, in May.", 0),
        ("Well, Ilse, that I believe. So do they.", 0),
        ("Hey Il, nice.", 0),
        ("Sailing is nice.", 0),
    ],
)
def test_a_name_counts_only_where_one_is_asked_for_and_is_not_of_those_who_talk(
    turn: Make, text: str, rated: float
) -> None:
    said = scene(turn(1, text, speaker="Mara"), turn(2, "Oh.", speaker="Ilse"))
    assert list(signals.tells_name(said, asked("Which islands have you seen?"))) == [rated, 0]
    assert not signals.tells_name(said, asked("What have you seen?")).any()


def test_a_reason_counts_only_where_one_is_asked_for(turn: Make) -> None:
    said = scene(turn(1, "Because it rained."), turn(2, "I wanted to see her."), turn(3, "It rained."))
    assert list(signals.tells_why(said, asked("Why did you leave?"))) == [1, 1, 0]
    assert list(signals.tells_why(said, asked("What was the reason?"))) == [1, 1, 0]
    assert not signals.tells_why(said, asked("When did you leave?")).any()


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("What books has Mara read?", True),
        ("Which countries does Mara know?", True),
        ("What kind of boats are there?", True),
        ("How often did it rain?", True),
        ("What is red?", False),
        ("What does Mara read?", False),
        ("Where did Mara read?", False),
    ],
)
def test_what_stands_together_counts_otherwise_where_several_things_are_asked_for(
    turn: Make, question: str, several: bool
) -> None:
    said = Scene([stored(turn(1, "A.", date="d1"), {1: 1.0}), stored(turn(9, "B.", date="d2"))])
    phrasing = asked(question, {1: 1.0})
    wanted = signals.together(said, phrasing) if several else [0, 0]
    assert list(signals.together_several(said, phrasing)) == list(wanted)
    assert len(set(signals.together(said, phrasing))) == 2


@pytest.mark.parametrize(
    ("question", "rated"),
    [
        ("What happened in May?", 1.0),
        ("What happened on 8 May?", 3.0),
        ("What happened on May 8th, 2023?", 3.0),
        ("What happened on 9 May?", 1.0),
        ("What happened in June?", 0.0),
        ("What happened in May or June?", 1.0),
        ("Who is Maya?", 0.0),
    ],
)
def test_a_day_the_question_names_is_found_by_the_date_of_the_turn(turn: Make, question: str, rated: float) -> None:
    said = scene(turn(1, "So it was.", date="2023-05-08"), turn(2, "Well.", date=""))
    assert list(signals.date(said, asked(question))) == [rated, 0.0]


def test_a_time_counts_for_more_only_where_one_is_asked_for(turn: Make) -> None:
    said = scene(turn(1, "I left yesterday."), turn(2, "I left."), turn(3, "我昨天走了"), turn(4, "Since 1987."))
    assert list(signals.tells_when(said, asked("When did you leave?"))) == [1, 0, 1, 1]
    assert not signals.tells_when(said, asked("Why did you leave?")).any()
    assert list(signals.tells_count(said, asked("How many?"))) == [0, 0, 0, 1]


def test_questions_are_told_from_answers(turn: Make) -> None:
    said = scene(turn(1, "Who sang?"), turn(2, "Tom did."), turn(3, '"Did he?"'), turn(9, "谁？"))
    assert list(signals.asks(said, asked("song"))) == [1, 0, 1, 1]
    assert list(signals.answers(said, asked("song"))) == [0, 1, 0, 0]
    assert list(signals.answers_when(said, asked("song"))) == [0, 0, 0, 0]
    assert list(signals.answers_when(said, asked("When did Tom sing?"))) == [0, 1, 0, 0]


def test_neighbours_are_of_the_same_day_or_record_and_across_the_halves_of_a_turn(turn: Make, source: Make) -> None:
    first, reply = turn(1, "Hey", date="d1"), replace(turn(1, "Hello", date="d1"), order=1)
    second, later = turn(2, "News?", date="d1"), turn(3, "Back again", date="d2")
    one, two, other = source("a", 0, "One."), source("a", 1, "Two."), source("b", 2, "Three.")
    met = scene(reply, second, later, two, other, first, one)
    none = len(met.stored)
    assert list(met.before) == [5, 0, none, 6, none, none, none]
    assert list(met.after) == [1, none, none, none, none, 0, 3]
    assert list(signals.opening(met, asked("?"))) == [0, 0, 1, 0, 0, 1, 1]


def test_words_count_by_rarity_and_a_neighbours_words_fill_the_gap(source: Make) -> None:
    rare, common = 1, 2
    held = [{rare: 1.0}, {common: 1.0}, {}]
    passages = [source("a", order, f"Line {order}.") for order in range(3)]
    said = Scene([stored(one, words) for one, words in zip(passages, held, strict=True)])
    question = asked("rare common", {rare: 3.0, common: 1.0})
    assert list(signals.words(said, question)) == [3.0, 1.0, 0.0]
    assert list(signals.covers(said, question)) == [0.75, 0.25, 0.0]
    assert list(signals.covers_around(said, question)) == [1.0, 1.0, 0.25]
    assert list(signals.words_before(said, question)) == [0.0, 3.0, 1.0]
    assert list(signals.words_after(said, question)) == [1.0, 0.0, 0.0]
    assert list(signals.foremost(said, question)) == [1.0, 0.0, 0.0]
    assert len(set(signals.gathered(said, question))) == 1


def test_two_passages_away_still_counts_when_five_are_read_as_one(source: Make) -> None:
    held = [{1: 1.0}, {}, {}, {}, {2: 0.5}]
    passages = [source("a", order, f"Line {order}.") for order in range(5)]
    said = Scene([stored(one, words) for one, words in zip(passages, held, strict=True)])
    question = asked("rare common", {1: 3.0, 2: 1.0})
    assert list(signals.words_around(said, question)) == [3.0, 3.0, 0.0, 0.5, 0.5]
    assert list(signals.words_wide(said, question)) == [3.0, 3.0, 3.5, 0.5, 0.5]


def test_the_best_three_speak_for_their_record(source: Make) -> None:
    passages = [source("a", order, f"Line {order}.") for order in range(0, 8, 2)] + [source("b", 0, "Alone.")]
    said = Scene([stored(one, {1: weight}) for one, weight in zip(passages, (0.1, 0.2, 0.3, 0.4, 0.3), strict=True)])
    rated = signals.together(said, asked("rare", {1: 1.0}))
    assert rated[:4] == pytest.approx([rated[0]] * 4)
    assert rated[0] == pytest.approx(rated[4]), "the mean of .2, .3 and .4 is what the other has alone"


def test_nearness_tells_by_how_much_where_meaning_tells_only_in_spreads(source: Make) -> None:
    def rated(name: str, *cosines: float) -> list[float]:
        held = [source(f"r{at}", 0, "Line.") for at in range(len(cosines))]
        said = Scene(
            [
                Stored(one.id, one, array("f", (near, 0.0)), {}, frozenset())
                for one, near in zip(held, cosines, strict=True)
            ]
        )
        return list(signals.rate(said, asked("?"), {name})[name])

    assert rated("meaning", 0.2, 0.4) == pytest.approx(rated("meaning", 0.2, 0.8), abs=1e-4)
    assert rated("nearness", 0.2, 0.4) == pytest.approx([-1.0, 1.0], abs=1e-4)
    assert rated("nearness", 0.2, 0.8) == pytest.approx([-3.0, 3.0], abs=1e-4)


def test_only_what_is_asked_for_is_rated(source: Make) -> None:
    assert set(signals.rate(scene(source("a", 0, "One.")), asked("?"), {"words", "date"})) == {"words", "date"}


def test_every_signal_is_finite_whatever_is_missing(turn: Make, canon: Make) -> None:
    bare = Scene([Stored(one.id, one, array("f"), {}, frozenset()) for one in (turn(1, ""), canon("", ""))])
    for vector in (None, (1.0, 0.0)):
        for name, numbers in signals.rate(bare, Phrasing("", vector, {}, frozenset())).items():
            assert numbers.shape == (2,), name
            assert abs(numbers).max() < 10, name


def test_no_kind_of_passage_is_lifted_by_what_only_it_can_have(turn: Make, source: Make) -> None:
    said = scene(turn(1, "Yesterday."), turn(2, "Well."), source("a", 0, "Long ago."), source("b", 0, "Once."))
    rated = signals.rate(said, asked("When?"))["tells_when"]
    assert rated[:2].sum() == pytest.approx(0)
    assert rated[2:].sum() == pytest.approx(0)


@pytest.mark.parametrize("pieces", [True, False])
def test_weights_are_of_signals_there_are(pieces: bool) -> None:
    known = {signal.__name__ for signal in signals.SIGNALS}
    assert set(weights(pieces)) == {"turns", "texts"}
    for learned in weights(pieces).values():
        assert learned
        assert set(learned) <= known


def test_pieces_are_found_in_the_passage_and_in_what_stands_beside_it(source: Make) -> None:
    axes = np.eye(3, WIDTH, dtype=np.float32)
    passages = [source("a", order, f"Line {order}.") for order in range(5)]
    held = [pack(axes[:1]), b"", pack(axes[1:2]), b"", pack(axes[2:])]
    said = Scene([replace(stored(one), pieces=own) for one, own in zip(passages, held, strict=True)])
    question = replace(asked("?"), pieces=(axes / 3).tobytes())
    third = signals.NEARER / 3
    assert list(signals.pieces(said, question)) == pytest.approx([third, 0, third, 0, third], abs=0.01)
    assert list(signals.pieces_around(said, question)) == pytest.approx(
        [third, 2 * third, third, 2 * third, third], abs=0.01
    )
    assert list(signals.pieces_wide(said, question)) == pytest.approx([2 / 3, 2 / 3, 1, 2 / 3, 2 / 3], abs=0.01)
    assert not signals.pieces(said, asked("?")).any()


def test_the_phrasing_a_passage_answers_best_counts(source: Make) -> None:
    said = scene(source("a", 0, "One."), source("b", 0, "Two."))
    by = {"turns": {}, "texts": {"words": 2.0}}
    rated = [{"words": signals.standard(signals.length(said, asked("?"))) + shift} for shift in (0.0, 1.0)]
    assert [one.total for one in weigh(rated, said.turns, by)] == [2.0, 2.0]


async def test_an_edited_or_dropped_neighbour_stops_counting_at_once(index: Index, turn: Make) -> None:
    told = turn(2, "It was the green one.")
    await index.put([turn(1, "Which lantern did you light?"), told, turn(7, "Bread and soup."), turn(8, "Salt.")])
    query = Query(SIGHT, "which lantern was lit", origins=(Origin.TURN,))

    async def score() -> float:
        """How far above one that nothing was changed beside: a score is relative to all that are found."""
        scores = {hit.passage.record: hit.score for hit in (await index.search(query)).hits}
        return scores[told.record] - scores["turn:8"]

    before = await score()
    await index.replace("turn:1", [turn(1, "Shall we eat?")])
    edited = await score()
    assert edited < before
    await index.replace("turn:1", [turn(1, "Which lantern did you light?")])
    assert await score() == before
