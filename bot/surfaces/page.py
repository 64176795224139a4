"""Page: what stands under an answer in a terminal, as lines. Knows nothing of screens and streams."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from bot.events import Cite, Fail, Note, Offer, Reply
from bot.render.safe import clean, line


def cites(items: Sequence[Cite], quotes: Mapping[int, Sequence[str]]) -> list[Text]:
    """``[1] Title — “first words…”``: the words of the sentences whose marker the text does not show."""
    lines = []
    for cite in items:
        row = Text.assemble((f"[{cite.n}] ", "cyan"), line(cite.title))
        if cite.url:
            row.append(f" {line(cite.url)}", "dim")
        if words := quotes.get(cite.n):
            row.append(" — " + ", ".join(f"“{each}”" for each in words[:3]), "dim italic")
        lines.append(row)
    return lines


def note(item: Note) -> list[Text]:
    return [_marked(row, "dim") for row in clean(item.text).split("\n")]


def offers(items: Sequence[Offer]) -> list[Text]:
    """One line: what can be typed."""
    if not items:
        return []
    choices = " · ".join(f"{number} {line(offer.label)}" for number, offer in enumerate(items, 1))
    return [Text(f"type {choices}", "dim")]


def fail(item: Fail) -> list[Text]:
    row = _marked(line(item.say), "red")
    if item.ref:
        row.append(f" (ref {line(item.ref)})", "dim")
    return [row]


def ending(reply: Reply, failed: bool) -> list[Text]:
    """How an answer ended that did not end well and has not said so itself."""
    if reply.status == "stopped":
        return [Text("— stopped" + (f": {line(reply.reason)}" if reply.reason else ""), "dim")]
    if reply.status == "failed" and not failed:
        return [Text(line(reply.reason) or "That did not work; please try again.", "red")]
    return []


def _marked(row: str, style: str) -> Text:
    """A sentence in which `what can be typed` is shown as such and not with its marks."""
    text = Text(style=style)
    for at, part in enumerate(row.split("`")):
        text.append(part, "bold" if at % 2 else "")
    return text if row.count("`") % 2 == 0 else Text(row, style)
