"""Pages as people get them: requests for each format about the example show, and what `/again` makes of them.

How far takes differ while they stay in their form. All through the product's whole turn; knows nothing of how it writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from bench.answers import Answer, ask
from bench.form import Entry, requests
from bench.valid import VALID
from bench.writing_contexts import Contexts
from bench.writing_figures import Figures, Row, figures
from bench.writing_text import said, self_bleu
from bot.app import Conversing
from bot.events import Inbound
from bot.rooms import fresh
from bot.shows import ROOM
from chains import muses, unmarked
from memory import Scope, Take

_OFFERED = 5  # requests a format has in bench.form


@dataclass(frozen=True, slots=True)
class Drafts:
    """The takes of one request, as they were kept."""

    form: str
    request: str
    takes: tuple[Take, ...]


async def drafts(room: Conversing, show: Sequence[Entry], many: int, takes: int) -> list[Drafts]:
    """``many`` requests of each format, so many takes each, in threads of their own. In a chat only what asks for ideas:
    what canon answers in its own words is the same in each take, and meant to be."""
    every = list[Drafts]()
    for form in VALID:
        wanted = [one for one in requests(form, show, _OFFERED) if form != "chat" or muses(one)]
        every += [await drawn(room, form, request, takes) for request in wanted[:many]]
    return every


async def drawn(room: Conversing, form: str, request: str, takes: int) -> Drafts:
    scope = fresh(ROOM)
    await _command(room, scope, "format", form)
    await ask(room, scope, request)
    for number in range(1, takes):
        await _command(room, scope, "again", number=number)
    (turn,) = (await room.app.rooms.look(scope)).window
    return Drafts(form, request, await room.app.ledger.turns.takes(scope, turn.id))


async def _command(room: Conversing, scope: Scope, name: str, text: str = "", number: int = 0) -> None:
    event = f"{scope.thread} {name} {number}"
    await room.respond(Inbound("command", event, scope, "Ana", text, name), Answer())


async def left_alone(contexts: Contexts, one: Drafts) -> list[str]:
    return await contexts.alone(one.request, one.form, len(one.takes))


def diversity(every: Sequence[Drafts], alone: Sequence[Sequence[str]] = ()) -> Figures:
    """Self-BLEU of takes, 0..100, and the share of them that is in its form: one is worth nothing without the other.
    ``same``: pairs of takes that are word for word the same. ``alone``: as many by the model left alone."""
    rows, notes = list[Row](), list[str]()
    for at, one in enumerate(every):
        row, wrong = _spread(one.form, [unmarked(take.text) for take in one.takes])
        theirs = _spread(one.form, alone[at])[0] if alone else {}
        rows.append(row | {f"alone.{metric}": value for metric, value in theirs.items()})
        notes.append(f"takes: {one.form}: {one.request}: self-BLEU {row['self_bleu']:.0f}, {wrong or 'valid'}")
    return figures("takes", rows, [one.form for one in every], notes)


def _spread(form: str, texts: Sequence[str]) -> tuple[Row, list[str]]:
    pairs = list(combinations([said(text) for text in texts], 2))
    wrong = [found for text in texts if (found := VALID[form](text))]
    row = {"valid": 1 - len(wrong) / len(texts), "self_bleu": 100 * self_bleu(texts)}
    return row | {"same": sum(a == b for a, b in pairs) / len(pairs)}, wrong
