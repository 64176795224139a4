"""Receipts: what a page stands on, kept with it as JSON, and read back by /why.

Knows nothing of how any of it was made, stored or shown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bot.reasons import strongest
from chains import Card, Cited, Page, Prompt, Question, Written, unmarked
from memory import Take
from vectorstore import Found, Hit

NAMED = 6
"""Names that are said of what was left out for one reason."""


def make(
    asked: Question, found: Found, prompt: Prompt, written: Written, page: Page, card: Card, prepared: float
) -> dict[str, Any]:
    """All that /why can tell of a page, as JSON. ``prepared`` is in seconds; times are kept in ms."""
    use = written.usage
    shown = {citation.passage: citation for citation in page.citations}
    signals = {hit.passage.id: hit for hit in found.hits}
    return {
        "writer": card.name,
        "asked": {"text": asked.text, "also": list(asked.also), "names": list(asked.names)},
        "passages": [
            {
                "n": passage.n,
                "record": _record(signals.get(passage.id)),
                "title": f"{passage.title} ({passage.holds})" if passage.holds else passage.title,
                "origin": passage.origin,
                "place": passage.place,
                "text": passage.text,
                "score": round(passage.score, 3),
                "signals": _signals(signals.get(passage.id)),
                "cited": shown[passage.id].n if passage.id in shown else 0,
                "support": round(shown[passage.id].support, 2) if passage.id in shown else 0,
            }
            for passage in prompt.passages
        ],
        "dropped": [{"what": drop.what, "tokens": drop.tokens, "why": drop.why} for drop in prompt.dropped],
        "missed": [{"what": hit.passage.title, "score": round(hit.score, 3), "why": why} for hit, why in found.missed],
        "trouble": found.trouble,
        "recalled": written.recalled,
        "preface": written.preface,
        "quoted": written.quoted,
        "fresh": list(page.fresh),
        "remarks": [remark.text for remark in page.remarks],
        "tokens": {
            "prompt": prompt.tokens,
            "read": use.prompt,
            "reused": use.reused,
            "written": use.generated,
            "reserved": prompt.reserved,
            "context": card.context,
        },
        "ms": {
            "search": round(found.ms, 1),
            "prepared": round(prepared * 1000, 1),
            "first": round(use.first_ms, 1),
            "total": round(use.total_ms, 1),
        },
    }


def passages(kept: Mapping[str, Any]) -> list[Cited]:
    """The passages that were before the writer, as they were kept, without those that were forgotten since."""
    return [
        Cited(row["n"], str(row["n"]), row["title"], row["origin"], "", row["text"], place=row["place"])
        for row in kept.get("passages", ())
        if not row.get("forgotten")
    ]


def edited(kept: Mapping[str, Any], page: Page, name: str, person: str, number: int) -> dict[str, Any]:
    """The receipts of a page that somebody wrote over take ``number``, whose own are ``kept``."""
    shown = {citation.passage: citation for citation in page.citations}
    rows = [
        {**row, "cited": found.n if found else 0, "support": round(found.support, 2) if found else 0}
        for row in kept.get("passages", ())
        for found in [shown.get(str(row["n"]))]
    ]
    return {
        "asked": kept.get("asked", {"text": "", "also": [], "names": []}),
        "trouble": "",
        "passages": rows,
        "dropped": [],
        "missed": [],
        "preface": kept.get("preface", ""),
        "fresh": list(page.fresh),
        "remarks": [],
        "edited": {"name": name, "person": person, "of": number},
    }


def editor(kept: Mapping[str, Any]) -> str:
    """Who wrote a page by hand; "" where a writer wrote it."""
    return str(kept.get("edited", {}).get("name", ""))


def told(take: Take) -> str:
    """What a page tells: all of it but its markers and its preface."""
    text, kept = unmarked(take.text).strip(), take.receipts
    if kept.get("recalled") and "preface" not in kept:  # kept before prefaces were: it was the first line
        return text.partition("\n")[2]
    return text.removeprefix(kept.get("preface", "")).strip()


def quoted(take: Take) -> bool:
    """Whether no writer wrote it: canon, the talk or a sentence of our own answered."""
    kept = take.receipts
    return bool(kept.get("quoted", kept.get("tokens", {}).get("written") == 0))


def _record(hit: Hit | None) -> str:
    """What the passage was cut from: the ledger finds by it what is to be forgotten."""
    return hit.passage.record if hit else ""


def _signals(hit: Hit | None) -> dict[str, float]:
    return {name: round(value, 3) for name, value in hit.signals.items()} if hit else {}


def tell(kept: Mapping[str, Any], *, full: bool = False) -> str:
    """A page's receipts as Markdown; ``full``: every signal of every passage, and every one left out by itself."""
    if not kept:
        return "There are no receipts for this page."
    passages, left_out = (_all_passages, _all_left_out) if full else (_passages, _left_out)
    return "\n\n".join(part for part in (_looked_up(kept), passages(kept), left_out(kept), _costs(kept)) if part)


def _looked_up(kept: Mapping[str, Any]) -> str:
    asked = kept["asked"]
    lines = [f"**Looked up:** {_short(asked['text'])}"]
    lines += [f"also as: {_short(also)}" for also in asked["also"]]
    lines += [f"names: {', '.join(asked['names'])}"] if asked["names"] else []
    lines += [f"⚠ {kept['trouble']}"] if kept["trouble"] else []
    return "  \n".join(lines)


def _passages(kept: Mapping[str, Any]) -> str:
    return _in_the_prompt([_passage(row) for row in kept["passages"]])


def _all_passages(kept: Mapping[str, Any]) -> str:
    return _in_the_prompt([_with_signals(row) for row in kept["passages"]])


def _in_the_prompt(rows: Sequence[str]) -> str:
    return "\n".join(["**In the prompt**", "", *rows]) if rows else "**In the prompt:** no passages."


def _passage(row: Mapping[str, Any]) -> str:
    if row.get("forgotten"):
        return _forgotten(row)
    # Only of a document it says more than the title: where in it.
    place = f", {row['place']}" if row["place"] and row["origin"] == "source" else ""
    used = f"cited as [{row['cited']}]" if row["cited"] else "not used"
    why = "; ".join(strongest(row["signals"]))
    return f"- **{row['title']}** ({row['origin']}{place}): {used}; score {row['score']:.2f}{f': {why}' if why else ''}"


def _forgotten(row: Mapping[str, Any]) -> str:
    return (
        f"- **{row['title']}** ({row['origin']}): {'cited then' if row['cited'] else 'not used'}, and forgotten since"
    )


def _with_signals(row: Mapping[str, Any]) -> str:
    if row.get("forgotten"):
        return _forgotten(row)
    used = f"cited as [{row['cited']}], support {row['support']:.2f}" if row["cited"] else "not used"
    shares = ", ".join(f"{name} {value:g}" for name, value in row["signals"].items())
    place = f", {row['place']}" if row["place"] else ""
    return f"- **{row['title']}** ({row['origin']}{place}): {used}; score {row['score']:.2f} ({shares})"


def _left_out(kept: Mapping[str, Any]) -> str:
    """One row a reason, with the names of what it kept out."""
    whats: dict[str, list[str]] = {}
    for row in (*kept["dropped"], *kept["missed"]):
        whats.setdefault(row["why"], []).append(row["what"])
    return _below([f"- {_counted(found)}: {why}" for why, found in whats.items()])


def _all_left_out(kept: Mapping[str, Any]) -> str:
    return _below([f"- {row['what']}: {row['why']}" for row in (*kept["dropped"], *kept["missed"])])


def _below(rows: Sequence[str]) -> str:
    return "\n".join(["**Left out**", "", *rows]) if rows else ""


def _counted(names: Sequence[str]) -> str:
    """Each name once, with how often it comes; a few of them."""
    found = Counter(names)
    shown = [f"{name} ({times} times)" if times > 1 else name for name, times in list(found.items())[:NAMED]]
    rest = len(found) - len(shown)
    return "; ".join([*shown, *([f"{rest} more"] if rest else [])])


def _costs(kept: Mapping[str, Any]) -> str:
    if name := editor(kept):
        return f"**Edited** by {name}, from take {kept['edited']['of']}."
    tokens, ms = kept["tokens"], kept["ms"]
    if not tokens["written"]:
        return (
            f"**{_quoted(kept)}, looked up in {ms['search']:.0f} ms, "
            f"ready after {ms['prepared']:.0f} ms. {kept['writer']} wrote nothing."
        )
    return (
        f"**Tokens:** {tokens['read'] or tokens['prompt']} read ({tokens['reused']} from the cache), "
        f"{tokens['written']} written, {tokens['reserved']} kept free of {tokens['context']}.  \n"
        f"**Times:** search {ms['search']:.0f} ms, ready after {ms['prepared']:.0f} ms, "
        f"first word {ms['first']:.0f} ms later, all of it {ms['total'] / 1000:.1f} s. Written by {kept['writer']}."
    )


def _quoted(kept: Mapping[str, Any]) -> str:
    """Whose words stand there, where the writer has none."""
    if kept.get("recalled"):
        return "Quoted, not written:** what was said in this talk answers this"
    origins = {row["origin"] for row in kept["passages"] if row["cited"]}
    if not origins:
        return "Not written:** canon says nothing to this"
    who = "what was said here" if origins == {"turn"} else "canon" if "canon" in origins else "what was learned"
    return f"Quoted, not written:** {who} answers this in its own words"


def _short(text: str, most: int = 200) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
