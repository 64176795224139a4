"""What is written acts on nobody, whatever it is made of and however it is cut: reliability's eighth test."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.render.links import STOP, unlinked
from bot.render.paging import split
from bot.render.safe import clean
from bot.render.slack import PART, Quieter, escape, quiet

ALLOWED = ("example.org", "show.test")
thorough = settings(deadline=None, max_examples=400)

PIECES = (
    *("<!channel>", "<!here>", "<@U1>", "<#C1>", "<!subteam^S1>", "@channel", "@everyone", "<", "@", "!", "#", ">"),
    *("https://evil.test/x", "http://", "https:", "//", "www.evil.test", "www", ".", "evil.test", "HTTPS://EVIL.TEST"),
    *(
        "https://example.org/a",
        "https://a.example.org",
        "https://example.org@evil.test",
        "https://example.org.evil.test",
    ),
    *("[label](", "](", ")", "[", "]", "(", "<https://evil.test|label>", "<mailto:a@b.test|x>", "javascript:x", "\\"),
    *("\x1b[31m", "\x1b]8;;https://evil.test\x07x", "\x9b2J", "\x1b", "\u202e", "\u200b", "\u2060", "\U000e0041"),
    *(
        "\n",
        "\n\n",
        " ",
        "```\n",
        "`",
        "~~~\n",
        "a",
        "Mara:",
        "*",
        "_",
        "&lt;!channel&gt;",
        "👩‍🚀",
        "می‌روم",
        "שלום",
        "مرحبا",
    ),
)
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=25).map("".join)
cuts = st.lists(st.integers(1, 9), max_size=60)

PINGS = re.compile(r"<[!@#]|@(?:channel|here|everyone)\b", re.IGNORECASE)
LINKS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^\s/?#<>()\[\]|`\\\"'*]*)")
BARE = re.compile(r"(?<![\w/.@\-])www\.", re.IGNORECASE)
TARGETS = re.compile(r"\]\((?!<?https?://)|<[A-Za-z][A-Za-z0-9+.\-]*:(?!\u2060?//)", re.IGNORECASE)
ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


def streamed(text: str, sizes: list[int]) -> str:
    quieter, out, at = Quieter(ALLOWED), "", 0
    for size in sizes:
        out += quieter.feed(text[at : at + size])
        at += size
    return out + quieter.feed(text[at:]) + quieter.close()


def leads(text: str) -> list[str]:
    """The addresses a program would make links of, but for the allowed."""
    found = [(scheme.lower(), host.lower().rstrip(".,;!")) for scheme, host in LINKS.findall(text)]
    fine = [host == one or host.endswith(f".{one}") for _, host in found for one in ALLOWED]
    assert len(fine) == len(found) * len(ALLOWED)
    bad = [
        f"{scheme}://{host}"
        for scheme, host in found
        if scheme not in ("http", "https") or not any(host == one or host.endswith(f".{one}") for one in ALLOWED)
    ]
    return bad + TARGETS.findall(text) + BARE.findall(text)


@thorough
@given(texts, cuts)
@example("www.evil.test", [1, 1, 1])
@example("[x](https://evil.test)", [3, 1, 5])
@example("see https:", [9])
def test_what_is_streamed_pings_nobody_links_nowhere_and_escapes_nothing(text: str, sizes: list[int]) -> None:
    out = streamed(text, sizes)
    assert not PINGS.search(out)
    assert leads(out) == []
    assert not ESCAPES.search(out)


@thorough
@given(texts)
def test_what_is_shown_whole_pings_nobody_links_nowhere_and_escapes_nothing(text: str) -> None:
    for out in (unlinked(quiet(clean(text)), ALLOWED), escape(text)):
        assert not PINGS.search(out)
        assert leads(out) == []
        assert not ESCAPES.search(out)


@thorough
@given(texts)
def test_unlinking_twice_is_unlinking_once_and_takes_no_letter_away(text: str) -> None:
    once = unlinked(text, ALLOWED)
    assert unlinked(once, ALLOWED) == once
    assert re.sub(rf"[{STOP}\s‹<]", "", once) == re.sub(rf"[{STOP}\s‹<]", "", text)


@thorough
@given(texts.map(lambda text: text * 30), st.integers(40, 400))
def test_parts_fit_their_limit_and_joined_are_the_text(text: str, limit: int) -> None:
    shown = unlinked(quiet(clean(text)), ALLOWED)
    for most in (limit, PART):
        parts = split(shown, most)
        assert "".join(part.body for part in parts) == shown
        assert all(len(part.text) <= most for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "👩‍🚀 👨‍👩‍👧 🏳️‍🌈 ❤️‍🔥",
        "می‌خواهم کتاب‌ها را بخوانم",
        "مرحبا بالعالم",
        "שלום \u200fעולם",
        "東京の夜。「行こう」",
        "MARA: No. [beat] (softly) 3 < 4, a@b, #1!",
        "See https://example.org/page?x=1#y and [the bible](https://wiki.example.org/Bible).",
        "At 10:30 // aside: and/or, w. or www",
    ],
)
def test_what_is_legitimate_stays_as_it_is(text: str) -> None:
    assert unlinked(quiet(clean(text)), ALLOWED) == text
    for size in (1, 2, 5, 100):
        assert streamed(text, [size] * (len(text) // size)) == text


def test_without_allowed_hosts_an_address_keeps_its_look_and_leads_nowhere() -> None:
    shown = unlinked("Read [this](https://evil.test/x), www.evil.test or ftp://evil.test.")
    assert shown.replace(STOP, "") == "Read [this] (https://evil.test/x), www.evil.test or ftp://evil.test."
    assert not LINKS.search(shown)
    assert not BARE.search(shown)
