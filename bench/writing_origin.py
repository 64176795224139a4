"""What pages take from elsewhere: what they copy without saying so, and what of their facts a passage bears out.

The passages are those that the page's receipts name; the rule that says what bears a sentence out is not the one that
sets the citations. Knows nothing of how pages are made.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.answers import ask
from bench.writing_figures import Figures, Row, figures
from bench.writing_pages import Drafts
from bench.writing_text import NEAR, alike, bare_facts, bears, copied, longest, said, uncited
from bot import receipts
from bot.app import Conversing
from bot.rooms import fresh
from bot.shows import ROOM
from chains import Citation, Names, Page, Prompt, unmarked, weigh
from chains.checks import copied as check
from chains.words import words
from memory import Take

_LEAST = 4  # words of a sentence that states something


def originality(every: Sequence[Drafts]) -> Figures:
    """Of each request's first take: words in a row and share of five-word runs that stand in its passages, in lines that
    do not cite them, and in the pages before it; whether the program says so; and whether it is nearly another draft
    of the same format, or another take of the same request."""
    rows, before, notes = list[Row](), dict[str, list[list[str]]](), list[str]()
    for one in every:
        page, further = one.takes[0], [said(take.text) for take in one.takes[1:]]
        own, earlier = said(page.text), before.setdefault(one.form, [])
        elsewhere = [words for drafts in before.values() for words in drafts]
        from_passages = [_uncited(page, row) for row in page.receipts["passages"]]
        row = {
            "longest_from_passages": float(max((longest(ours, theirs) for ours, theirs in from_passages), default=0)),
            "copied_from_passages": max((copied(ours, [theirs]) for ours, theirs in from_passages), default=0.0),
            "remarked": float(bool(check(_page(page), Prompt((), tuple(receipts.passages(page.receipts)))))),
            "longest_from_pages": float(max((longest(own, words) for words in elsewhere), default=0)),
            "copied_from_pages": copied(own, elsewhere),
            "near_another_draft": float(any(alike(own, words) >= NEAR for words in earlier)),
            "near_another_take": float(any(alike(own, words) >= NEAR for words in further)),
        }
        rows.append(row)
        earlier.append(own)
        notes.append(f"originality: {one.form}: {one.request}: {row}")
    return figures("originality", rows, [one.form for one in every], notes)


async def answered(room: Conversing, rows: Sequence[Mapping[str, Any]]) -> list[Take]:
    """The pages that questions get, those that nobody can answer as well, in threads of their own."""
    pages = list[Take]()
    for row in rows:
        scope = fresh(ROOM)
        for text in filter(None, (row.get("before"), row["question"])):
            await ask(room, scope, text)
        turn = (await room.app.rooms.look(scope)).window[-1]
        pages += [turn.take] if turn.take else []
    return pages


def _uncited(page: Take, row: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    return uncited(page.text, row["cited"]), said(row["text"])


def _page(take: Take) -> Page:
    rows = take.receipts["passages"]
    cites = [Citation(row["cited"], str(row["n"]), row["title"], row["support"]) for row in rows if row["cited"]]
    return Page(take.text, tuple(cites))


def attribution(name: str, pages: Sequence[Take], names: Names) -> Figures:
    """Of sentences that state something about a canon name or a number: how many a passage of the prompt bears out, how
    many are cited, and how many of the citations are of a passage that bears them out."""
    facts, citations, whose, of = list[Row](), list[Row](), list[str](), list[str]()
    notes = list[str]()
    for page in pages:
        rows = page.receipts["passages"]
        there = {row["cited"]: f"{row['title']}. {row['text']}" for row in rows if row["cited"]}
        every = [f"{row['title']}. {row['text']}" for row in rows]
        for sentence in weigh(page.text, (), names).found:
            held = {n: bears(there[n], sentence.text, names) for n in sentence.marks if n in there}
            citations += [{"precise": float(holds)} for holds in held.values()]
            of += [page.id] * len(held)
            notes += [f"{name}: {sentence.text!r} does not rest on {there[n]!r}" for n in held if not held[n]]
            if states(sentence.text, names):
                supported = any(bears(one, sentence.text, names) for one in every)
                facts.append({"supported": float(supported), "cited": float(bool(held))})
                whose.append(page.id)
    one, other = figures(f"{name}.facts", facts, whose), figures(f"{name}.citations", citations, of)
    return Figures({**one.means, **other.means}, {**one.within, **other.within}, notes)


def states(sentence: str, names: Names) -> bool:
    """Whether it says something of a canon name or a number: no question, no heading, no label, no name of a speaker."""
    plain = unmarked(sentence).strip()
    whole = plain.endswith((".", "!", "…", '."', ".”")) and not plain.isupper()
    return whole and len(words(plain)) >= _LEAST and any(bare_facts(plain, names))
