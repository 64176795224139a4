"""Learning weights: what makes the gold likely gets weight, and a set takes another form without losing its gold."""

import numpy as np

from bench.gold import Asking, Given, Gold
from bench.learn_weights import Lesson, alone, learn, logged, part, score
from vectorstore.signals import NAMES

USEFUL, USELESS = NAMES.index("pairs"), NAMES.index("date")


def lesson(number: int, gold: tuple[int, ...]) -> Lesson:
    """Six candidates of two passages each; ``pairs`` is high for one candidate of the gold passage alone."""
    chance = np.random.default_rng(number)
    rated = chance.normal(size=(6, len(NAMES))).astype(np.float32)
    rated[:, USEFUL] = -1
    rated[gold[0], USEFUL] = 2
    asked = Asking(f"q{number}", f"g{number % 3}", "?", (f"p{gold[0] // 2}",))
    held = np.zeros(6, np.float32)
    held[list(gold)] = 1
    return Lesson(asked, rated, [f"p{at // 2}" for at in range(6)], held)


def test_the_signal_that_tells_the_gold_is_learned_and_noise_is_not() -> None:
    given = [lesson(number, (number % 6,)) for number in range(60)]
    learned = learn(given, ["pairs", "date"], every=True)
    assert learned["pairs"] > 1
    assert abs(learned.get("date", 0.0)) < learned["pairs"] / 4
    assert np.mean([row["hit@1"] for row in score(given, learned, {})]) == 1.0


def test_any_passage_of_the_gold_will_do_unless_every_one_is_wanted() -> None:
    """One of the two passages of the gold cannot be told from the rest: wanting it too blunts the signal."""
    given = [lesson(number, (2 * (number % 3), 2 * (number % 3) + 1)) for number in range(60)]
    assert learn(given, ["pairs"], every=False)["pairs"] > 2 * learn(given, ["pairs"], every=True)["pairs"]


def test_lessons_that_are_not_trusted_teach_nothing() -> None:
    right = [lesson(number, (number % 6,)) for number in range(30)]
    wrong = [Lesson(one.asked, -one.rated, one.whose, one.gold) for one in right]
    trusted = learn(right + wrong, ["pairs"], every=True, trust=[1.0] * 30 + [0.0] * 30)
    assert trusted["pairs"] > 1


def talks() -> Gold:
    said = [("a", "1", "Ada"), ("a", "1", "Ben"), ("a", "2", "Ada"), ("b", "1", "Cy")]
    passages = tuple(
        Given(f"{group}/{at}", group, at, f"text {at}", session=session, date="1:00 pm on 8 May, 2023", speaker=who)
        for at, (group, session, who) in enumerate(said)
    )
    questions = (Asking("q1", "a", "?", ("a/0", "a/1")), Asking("q2", "a", "?", ("a/2",)))
    return Gold("talks", True, True, passages, questions)


def test_a_conversation_becomes_chat_logs_and_its_gold_goes_along() -> None:
    logs = logged(talks())
    assert [(one.id, one.text) for one in logs.passages] == [
        ("a/1/0", "Ada: text 0\nBen: text 1"),
        ("a/2/0", "Ada: text 2"),
        ("b/1/0", "Cy: text 3"),
    ]
    assert [one.gold for one in logs.questions] == [("a/1/0",), ("a/2/0",)]
    assert (logs.conversation, logs.within) == (False, False)


def test_sections_alone_and_every_second_group() -> None:
    assert {one.group for one in alone(talks()).passages} == {""}
    half = part(talks(), 2)
    assert {one.group for one in half.passages} == {"a"}
    assert len(half.questions) == 2
