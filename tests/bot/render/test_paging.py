"""Parts fit, lose nothing, and never leave a code fence open."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.paging import SMALLEST, split

unhurried = settings(deadline=None)  # other work may share the machine

words = st.sampled_from(
    ["lamp", "Mara", "tide.", "a", "東京の夜。", "👩‍🚀", "very-long-word-that-does-not-end", "é", "`x`", "  "]
)
lines = st.lists(words, max_size=14).map(" ".join)
fenced = st.tuples(st.sampled_from(["```", "```py", "~~~", "````ink"]), st.lists(lines, max_size=6)).map(
    lambda pair: "\n".join([pair[0], *pair[1], re.match(r"[`~]+", pair[0])[0]])  # type: ignore[index]
)
pages = st.lists(st.one_of(lines, fenced), max_size=12).flatmap(
    lambda blocks: st.sampled_from(["\n", "\n\n", "\n\n\n"]).map(lambda gap: gap.join(blocks))
)


def left_open(text: str) -> bool:
    opened = ""
    for row in text.split("\n"):
        found = re.match(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)$", row)
        if found and not opened:
            opened = found[1]
        elif found and found[1][0] == opened[0] and len(found[1]) >= len(opened) and not found[2].strip():
            opened = ""
    return bool(opened)


@unhurried
@given(pages, st.integers(SMALLEST, 300))
def test_the_bodies_joined_are_the_text_and_every_part_fits(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(part.body for part in parts) == text
    assert all(0 < len(part.text) <= limit for part in parts)


@unhurried
@given(st.text(max_size=400), st.integers(SMALLEST, 90))
def test_any_text_at_all_is_kept_and_fits(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(part.body for part in parts) == text
    assert all(len(part.text) <= limit for part in parts)


@unhurried
@given(pages, st.integers(SMALLEST, 300))
def test_no_part_leaves_a_fence_open(text: str, limit: int) -> None:
    assert not any(left_open(part.text) for part in split(text, limit))


def test_a_cut_fence_is_closed_and_opened_again_with_its_language() -> None:
    code = "```py\n" + "\n".join(f"line_{n} = {n}" for n in range(20)) + "\n```"
    first, second, *_ = split(code, 120)
    assert first.text.startswith("```py\n")
    assert first.text.endswith("\n```")
    assert second.text.startswith("```py\nline_")


def test_a_part_ends_on_a_paragraph_where_it_can() -> None:
    text = "One sentence. Another.\n\nA second paragraph here.\n\nAnd a third one that is a little longer."
    assert [part.body for part in split(text, 70)] == [
        "One sentence. Another.\n\nA second paragraph here.\n\n",
        "And a third one that is a little longer.",
    ]


def test_a_picture_of_several_characters_is_never_cut() -> None:
    text = "👩‍🚀" * 40
    assert all(not part.body.startswith("\u200d") and not part.body.endswith("\u200d") for part in split(text, 44))


def test_a_limit_too_small_for_fences_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        split("text", 10)
