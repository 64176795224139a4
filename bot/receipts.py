"""Receipts: what a page stands on, kept with it as JSON, and read back by /why.

Knows nothing of how any of it was made, stored or shown.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chains import Card, Page, Prompt, Question, Written
from vectorstore import Found, Hit


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
                "title": passage.title,
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


def _signals(hit: Hit | None) -> dict[str, float]:
    return {name: round(value, 3) for name, value in hit.signals.items()} if hit else {}


def tell(kept: Mapping[str, Any]) -> str:
    """A page's receipts as Markdown."""
    if not kept:
        return "There are no receipts for this page."
    return "\n\n".join(part for part in (_looked_up(kept), _passages(kept), _left_out(kept), _costs(kept)) if part)


def _looked_up(kept: Mapping[str, Any]) -> str:
    asked = kept["asked"]
    lines = [f"**Looked up:** {_short(asked['text'])}"]
    lines += [f"also as: {_short(also)}" for also in asked["also"]]
    lines += [f"names: {', '.join(asked['names'])}"] if asked["names"] else []
    lines += [f"⚠ {kept['trouble']}"] if kept["trouble"] else []
    return "  \n".join(lines)


def _passages(kept: Mapping[str, Any]) -> str:
    if not kept["passages"]:
        return "**In the prompt:** no passages."
    rows = [_passage(passage) for passage in kept["passages"]]
    return "\n".join(["**In the prompt**", "", *rows])


def _passage(row: Mapping[str, Any]) -> str:
    used = f"cited as [{row['cited']}], support {row['support']:.2f}" if row["cited"] else "not used"
    shares = ", ".join(f"{name} {value:g}" for name, value in row["signals"].items())
    place = f", {row['place']}" if row["place"] else ""
    return f"- **{row['title']}** ({row['origin']}{place}): {used}; score {row['score']:.2f} ({shares})"


def _left_out(kept: Mapping[str, Any]) -> str:
    rows = [f"- {row['what']}: {row['why']}" for row in (*kept["dropped"], *kept["missed"])]
    return "\n".join(["**Left out**", "", *_first(rows, 8)]) if rows else ""


def _first(rows: list[str], most: int) -> Iterable[str]:
    return rows if len(rows) <= most else [*rows[:most], f"- and {len(rows) - most} more"]


def _costs(kept: Mapping[str, Any]) -> str:
    tokens, ms = kept["tokens"], kept["ms"]
    if not tokens["written"]:
        quoted = any(row["cited"] for row in kept["passages"])
        says = (
            "Quoted, not written:** canon answers this in its own words"
            if quoted
            else "Not written:** canon says nothing to this"
        )
        return (
            f"**{says}, looked up in {ms['search']:.0f} ms, "
            f"ready after {ms['prepared']:.0f} ms. {kept['writer']} wrote nothing."
        )
    return (
        f"**Tokens:** {tokens['read'] or tokens['prompt']} read ({tokens['reused']} from the cache), "
        f"{tokens['written']} written, {tokens['reserved']} kept free of {tokens['context']}.  \n"
        f"**Times:** search {ms['search']:.0f} ms, ready after {ms['prepared']:.0f} ms, "
        f"first word {ms['first']:.0f} ms later, all of it {ms['total'] / 1000:.1f} s. Written by {kept['writer']}."
    )


def _short(text: str, most: int = 200) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
