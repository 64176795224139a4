"""How rare words are stays what counting anew would give, whatever is written in between."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vectorstore import Passage, Query, Sight
from vectorstore.rarity import holding, idf
from vectorstore.shard import Shard
from vectorstore.sight import visible
from vectorstore.store import Entered

Make = Callable[..., Passage]
WORDS = ("lamp", "harbour", "bell", "canary", "salt")


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shard]:
    made = Shard(tmp_path_factory.mktemp("shard"), "none", 4, "test")
    yield made
    made.close()


def rarities(shard: Shard) -> list[float]:
    where = visible(Query(Sight("t", "s"), "x"))
    assert where is not None
    (terms,) = shard.terms(where, [" ".join(WORDS)])
    return list(terms.words.values())


writes = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop"]),
        st.integers(0, 7),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
        st.sampled_from(["t", "other"]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=writes, after=writes)
def test_after_any_writes_words_are_as_rare_as_counted_anew(
    shard: Shard,
    canon: Make,
    before: list[tuple[str, int, list[str], str]],
    after: list[tuple[str, int, list[str], str]],
) -> None:
    shard.clear()
    for number, (what, record, words, tenant) in enumerate([*before, *after]):
        if number == len(before):
            rarities(shard)  # counted in the middle, and kept in step from there
        if what == "put":
            passage = canon("", " ".join(words), record=f"{tenant}{record}", tenant=tenant, names=())
            shard.put([Entered(passage, [1.0, 0.0, 0.0, 0.0])])
        else:
            shard.drop(f"{tenant}{record}", [])
    kept = rarities(shard)
    shard._rarities.clear()
    assert kept == pytest.approx(rarities(shard), abs=1e-9)


def test_a_show_that_is_learned_at_one_go_is_counted_anew(shard: Shard, canon: Make) -> None:
    shard.clear()
    rarities(shard)
    shard.put([Entered(canon("", "lamp", record=f"r{n}", names=()), [1.0, 0.0, 0.0, 0.0]) for n in range(300)])
    assert max(rarities(shard)) == pytest.approx(idf(300, 300))


@given(total=st.integers(1, 100_000), share=st.floats(0, 1))
def test_how_many_hold_a_word_is_read_off_how_rare_it_is(total: int, share: float) -> None:
    held = round(share * total)
    assert holding(total, idf(total, held)) == held
