"""Recap: told in the turns' own words, short, and always the same."""

from hypothesis import given
from hypothesis import strategies as st

from chains.names import Names
from chains.recap import recap
from memory import Recap, Take, TakeStatus, Turn

NAMES = Names.of([("Ilse", (), "character", "ilse"), ("The Bell", (), "thing", "bell")])


def turn(depth: int, said: str, told: str = "", author: str = "Ana") -> Turn:
    take = Take(f"k{depth}", str(depth), 1, told, TakeStatus.COMPLETE) if told else None
    return Turn(str(depth), "t", None, depth, "main", author, said, "chat", take)


def test_it_says_who_asked_what_and_what_was_written_with_the_turn() -> None:
    made = recap(None, [turn(3, "Who rings the Bell?", "Ilse rings the Bell. [1] It is late.", "Ben")], NAMES)
    assert made == Recap("(turn 3) Ben asked: Who rings the Bell? / it was written: Ilse rings the Bell.", 3)


def test_the_telling_sentence_is_picked() -> None:
    told = "Well, well. It was a wet and windy evening in the town. Ilse must never ring the Bell again. They slept."
    made = recap(None, [turn(1, "Go", told)], NAMES)
    assert made is not None
    assert "Ilse must never ring the Bell again." in made.text


def test_what_is_covered_already_is_not_told_twice() -> None:
    old = recap(None, [turn(1, "One", "Ilse came.")], NAMES)
    assert recap(old, [turn(1, "One", "Ilse came.")], NAMES) == old
    assert recap(None, [], NAMES) is None


def test_too_long_a_recap_loses_small_talk_and_keeps_decisions() -> None:
    turns = [turn(1, "We decided that Ilse dies at the Bell.", "Agreed, Ilse dies.")]
    turns += [turn(d, f"Nice weather number {d} outside today", "Yes it is nice out there.") for d in range(2, 30)]
    made = recap(None, turns, NAMES, words=60)
    assert made is not None
    assert "Ilse dies at the Bell" in made.text
    assert len(made.text.split()) <= 75
    assert made.upto == 29


texts = st.text(alphabet="ab \n.!漢字。[1]", max_size=120)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12), st.integers(20, 80))
def test_it_never_invents_and_rolling_covers_the_same_depth(pairs: list[tuple[str, str]], words: int) -> None:
    turns = [turn(d, a, b) for d, (a, b) in enumerate(pairs, 1)]
    made = recap(None, turns, NAMES, words)
    assert made == recap(None, turns, NAMES, words)
    assert made is not None
    source = "".join(
        "".join(f"{t.author} asked: {t.text} it was written: {t.take.text if t.take else ''}" for t in turns).split()
    )
    letters = set(source) | set("(turn0123456789)/…")
    assert {c for c in made.text if not c.isspace()} <= letters
    rolled = recap(recap(None, turns[:1], NAMES, words), turns, NAMES, words)
    assert rolled is not None
    assert rolled.upto == made.upto == len(turns)
