"""A page that grows shows each line once, whole, and as the finished page has it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from bot.render.stream import Stream, sentences

unhurried = settings(deadline=None, max_examples=40)  # other work may share the machine

PAGE = """# The lamp at Orrin

Mara climbs the *long* stairs of the lighthouse. She has kept the **green lamp** for eleven winters, and nobody \
has thanked her for it; the ferry people only whistle when they pass her by at night.

MARA: Who is there?
TOM (from below): Only the tide.

- a first thing that goes on for a while, so that it wraps in narrow windows, really
- a second, with `code * inside`
  1. nested one
  2. nested two

- a third, apart

> A quotation
> of two lines

| time | segment |
|------|---------|
| 0:00 | opening |
| 1:30 | Mara's song |

```ink
=== lamp ===
* [Light it] -> green
```

東京の夜は静かだ。とても静かだ、と彼女は言った。夜の海を見ながら、二人は長い間黙っていた。

5 * 3 is _not a picture_, and [neither](is this) is [1] that.
"""

MARKUP = [
    "*",
    "**",
    "_",
    "`",
    "- ",
    "1. ",
    "# ",
    "> ",
    "```\n",
    "| a | b |\n",
    "|---|---|\n",
    "~~~\n",
    "---\n",
    "===\n",
]
PLAIN = [
    "Mara ",
    "the lamp",
    "\n",
    "\n\n",
    "[1]",
    "[x](y)",
    "東京の夜。",
    "  ",
    "    ",
    "<b>",
    "&amp;",
    "\\",
    "a-very-long-word",
]
pieces = st.sampled_from([*MARKUP, *PLAIN])
# Lines that begin as an item, a quotation or a fence, also in one another, and go on with what may be markup.
LEADS = ["", "- ", "* ", "1. ", "2. ", "> ", "  ", "- - ", "> - ", "# ", "```", "- ```", "  ```"]
MARKS = ["*", "**", "_", "`", "``", "```", "~~", "|", "#", "-", "1", "1.", "!", "[", "](", ")", "---", "***", "|-|-|"]
WORDS = [" ", "a", "Mara", "the lamp is green now and ", "[x](y)", "![x](y)", "[1]", "|a|b|", "東京の夜。"]
nested = st.lists(
    st.builds(
        lambda lead, words: lead + "".join(words) + "\n",
        st.sampled_from(LEADS),
        st.lists(st.sampled_from([*MARKS, *WORDS]), max_size=8),
    ),
    min_size=1,
    max_size=6,
).map("".join)
documents = st.one_of(st.lists(pieces, max_size=40).map("".join), nested, st.just(PAGE))
cuts = st.lists(st.integers(1, 30), min_size=1, max_size=20)


def play(text: str, sizes: list[int], widths: list[int], keep: int = 1) -> list[str]:
    stream, lines, at, turn = Stream(keep), [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        stream.feed(text[at : at + size])
        final, _ = stream.paint(widths[turn % len(widths)])
        lines += [row.plain for row in final]
        at, turn = at + size, turn + 1
    return lines + [row.plain for row in stream.end(widths[0]).lines]


def at_once(text: str, width: int) -> list[str]:
    stream = Stream()
    stream.feed(text)
    return [row.plain for row in stream.end(width).lines]


@unhurried
@given(documents, cuts, st.sampled_from([20, 40, 80, 200]), st.sampled_from([1, 6]))
def test_a_streamed_page_has_the_lines_of_the_page_at_once(text: str, sizes: list[int], width: int, keep: int) -> None:
    assert play(text, sizes, [width], keep) == at_once(text, width)


@settings(unhurried, max_examples=250)
@example("- *```\n*```\n")  # what looks like the next item is a word, and code ends with it
@example("\\\n- *\n")
@example("The lamp is\n```\ngreen\n```\n")  # a fence that was only opened has no line yet
@example("The _lamp is green now_s\n")
@example("The `lamp is green now``\n")
@example("> the lamp is green `and\n-` so\n")
@example("The lamp is green, [the tide\n|is](y|z)\n|-|-|\n")
@example("a lamp that is green | tide\n---|---\n")
@given(nested)
def test_no_line_is_given_out_while_its_markup_may_still_be_words(text: str) -> None:
    assert play(text, [1], [20]) == at_once(text, 20)


@unhurried
@given(
    documents.filter(lambda text: "|" not in text),
    cuts,
    st.lists(st.sampled_from([20, 33, 80]), min_size=2, max_size=5),
)
def test_a_resize_in_mid_stream_loses_and_repeats_no_word(text: str, sizes: list[int], widths: list[int]) -> None:
    resized = "".join("".join(play(text, sizes, widths)).split())
    whole = "".join("".join(at_once(text, 80)).split())
    # A quotation's bar is drawn on each of its lines.
    assert resized.replace("│", "") == whole.replace("│", "")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_window(width: int) -> None:
    assert max(wcswidth(row) for row in at_once(PAGE, width)) <= width


@unhurried
@given(documents, cuts)
def test_what_is_final_and_what_is_live_are_together_the_page_so_far(text: str, sizes: list[int]) -> None:
    stream, given_out, at = Stream(), [], 0
    for size in sizes:
        stream.feed(text[at : at + size])
        at += size
        final, live = stream.paint(40)
        given_out += [row.plain for row in final]
        assert [*given_out, *(row.plain for row in live)] == at_once(stream.text, 40)


def test_wide_characters_break_between_them_and_not_before_a_full_stop() -> None:
    assert at_once("東京の夜は静かだ。と言った。", 16) == ["東京の夜は静か", "だ。と言った。"]


def test_lines_of_a_lyric_stay_lines() -> None:
    assert at_once("The lamp is low\nthe tide is high", 80) == ["The lamp is low", "the tide is high"]


def test_escape_sequences_of_a_model_do_nothing() -> None:
    stream = Stream()
    for delta in ("red \x1b[3", "1m alarm \x1b", "]0;title\x07 over"):
        stream.feed(delta)
        stream.paint(80)
    assert [row.plain for row in stream.end(80).lines] == ["red  alarm  over"]


def test_a_short_page_gets_its_markers_where_they_belong() -> None:
    stream = Stream()
    stream.feed("The lamp is green. Mara keeps it.")
    final, _ = stream.paint(80)
    ending = stream.end(80, "The lamp is green. [1] Mara keeps it. [2]")
    assert final == []
    assert [row.plain for row in ending.lines] == ["The lamp is green. [1] Mara keeps it. [2]"]
    assert ending.quotes == {}


def test_sentences_that_have_gone_are_quoted_for_their_marker_and_later_ones_carry_it() -> None:
    told = "The lamp is green since the great fire of Orrin.\n\nMara keeps it, and she never sleeps near it."
    stream = Stream(keep=1)
    stream.feed(told)
    gone, _ = stream.paint(80)
    ending = stream.end(80, told.replace("Orrin.", "Orrin. [1]").replace("near it.", "near it. [2]"))
    assert [row.plain for row in gone] == ["The lamp is green since the great fire of Orrin."]
    assert ending.quotes == {1: ["The lamp is green since the…"]}
    assert ending.lines[-1].plain.endswith("near it. [2]")


def test_a_marker_the_model_wrote_itself_is_not_quoted_again() -> None:
    told = "The lamp is green. [1]\n\nMara keeps it."
    stream = Stream(keep=1)
    stream.feed(told)
    stream.paint(80)
    assert stream.end(80, told).quotes == {}


def test_a_marker_that_has_gone_is_not_shown_again_where_the_rest_of_its_sentence_begins() -> None:
    told = "Mara has the lamp [1] and she keeps it."
    stream = Stream(keep=1)
    stream.feed(told)
    gone, _ = stream.paint(22)
    ending = stream.end(22, told + " [2]")
    assert [row.plain for row in gone] == ["Mara has the lamp [1]"]
    assert [row.plain for row in ending.lines] == ["and she keeps it. [2]"]


def test_a_final_page_that_says_something_else_does_not_overwrite_what_was_shown() -> None:
    stream = Stream(keep=1)
    stream.feed("One thing.\n\nAnother thing.")
    stream.paint(80)
    ending = stream.end(80, "Quite different. [1]\n\nWords.")
    assert [row.plain for row in ending.lines][-1] == "Another thing."


def test_the_beginnings_of_cited_sentences_are_found() -> None:
    assert sentences("Mara is old. She keeps the lamp of Orrin at night. [1][2] 東京の夜。[3]") == {
        1: ["She keeps the lamp of Orrin…"],
        2: ["She keeps the lamp of Orrin…"],
        3: ["東京の夜。"],
    }
