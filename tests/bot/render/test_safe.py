"""Nothing acts that should only be read, and no legitimate script is harmed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.safe import Cleaner, clean, line

unhurried = settings(deadline=None)  # other work may share the machine

ODD = (
    "\x1b[31m",
    "\x1b]0;x\x07",
    "\x1b",
    "\x9b2J",
    "\x00",
    "\x7f",
    "\u202e",
    "\u2066",
    "\U000e0041",
    "\u200b",
    "\u200d",
    "\u200c",
    "\ufe0f",
    "\r\n",
    "\r",
    "\ufeff",
)
texts = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=6), st.sampled_from(["می‌روم", "👩‍🚀", "क्‍ष"]))).map(
    "".join
)

FORBIDDEN = [*range(0x00, 0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
FORBIDDEN += [0x200B, 0xFEFF, *range(0xE0000, 0xE0080), *range(0xD800, 0xE000)]


@unhurried
@given(texts)
def test_no_control_bidi_override_tag_or_invisible_character_gets_through(text: str) -> None:
    assert not set(map(ord, clean(text))) & set(FORBIDDEN)


@unhurried
@given(texts)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم کتاب‌ها را بخوانم",  # Persian with ZWNJ
        "שלום \u200fעולם",  # Hebrew with a direction mark
        "مرحبا \u200eabc",
        "👩‍🚀 👨‍👩‍👧 🏳️‍🌈 ❤️‍🔥 👩🏽‍🚀 ✌️",
        "क्‍ष and ශ්‍රී",  # Indic joiners
        "葛\U000e0100城",  # a Han variant
        "東京の夜\n\tan indented line",
        "naïve Ångström",
    ],
)
def test_legitimate_scripts_stay_as_they_are(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[1;31mred\x1b[0m b", "ared b"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;ZXZpbA==\x07x", "x"),
        ("pass\u200bword", "password"),
        ("in\u200dvisible \u200c!", "invisible !"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("hi\U000e0068\U000e0069", "hi"),
        ("x\U000e0100\U000e0101", "x"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
    ],
)
def test_what_acts_is_removed_whole(text: str, seen: str) -> None:
    assert clean(text) == seen


def test_a_title_is_one_line() -> None:
    assert line(" The\n green\x1b[2J\tlamp ") == "The green lamp"


@unhurried
@given(texts, st.lists(st.integers(0, 80), max_size=12))
def test_deltas_cleaned_one_by_one_are_the_text_cleaned_at_once(text: str, cuts: list[int]) -> None:
    cleaner, shown, start = Cleaner(), "", 0
    for cut in [*sorted(min(cut, len(text)) for cut in cuts), len(text)]:
        shown += cleaner.feed(text[start:cut])
        start = cut
    assert shown + cleaner.close() == clean(text)
