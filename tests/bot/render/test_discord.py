"""What Discord is sent acts on nobody, whatever it is made of: reliability's eighth test, in Discord's dialect."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.events import Cite
from bot.render.discord import MESSAGE, citations, flat, pages, quiet, small

ALLOWED = ("example.org",)
PIECES = (
    *("<@1>", "<@!1>", "<@&2>", "<#3>", "</play:4>", "<id:home>", "@everyone", "@here", "@Everyone", "<", "@", ">"),
    *("[label](", "](", ")", "https://evil.test/x", "https://example.org/a", "www.evil.test", "<https://evil.test>"),
    *(
        "\x1b[31m",
        "\u202e",
        "\u200b",
        "\u2060",
        "\u200d",
        "\\",
        "`",
        "```\n",
        "||",
        "> ",
        "# ",
        "-# ",
        "\n",
        "\n\n",
        " ",
    ),
    *("here", "everyone", "Mara:", "word ", "👩‍🚀", "می‌روم", "שלום", "東京の夜。"),
)
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=30).map("".join)
thorough = settings(deadline=None, max_examples=1000)

PINGS = re.compile(r"<(?:@[!&]?\d|#\d|/\w|id:)|@(?:everyone|here)\b", re.IGNORECASE)
NAMED = re.compile(r"\]\((?!<?https?://example\.org)", re.IGNORECASE)
LEADS = re.compile(r"https?://(?!example\.org(?![\w.]))\w", re.IGNORECASE)
ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@thorough
@given(texts)
@example("<@1>")
@example("@everyone")
@example("<\u2060@1> @\u200beveryone")
@example("<<@1>> @@here")
def test_nothing_that_is_sent_pings_links_or_escapes(text: str) -> None:
    cite = citations([Cite(1, text or "-", "")]) if text.strip() else ""
    for out in (*pages(text, [small(text), cite], ALLOWED), flat(text), quiet(text)):
        assert not PINGS.search(out)
        assert not NAMED.search(out)
        assert not ESCAPES.search(out)


@thorough
@given(texts)
def test_a_page_leads_only_where_it_may(text: str) -> None:
    for out in pages(text, [small(text)], ALLOWED):
        assert not LEADS.search(out)


@thorough
@given(texts.map(lambda text: text * 40), texts)
def test_every_message_fits_and_together_they_are_the_text(text: str, foot: str) -> None:
    sent = pages(text, [small(foot)], ALLOWED)
    assert all(0 < len(one) <= MESSAGE for one in sent)
    letters = re.compile(r"[^\w]|[`~]")
    shown = letters.sub("", "".join(pages(text, (), ALLOWED)))
    assert shown.startswith(letters.sub("", quiet(text))[:200])
