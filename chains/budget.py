"""Budget: which claims get room in the model's context, by priority and share, and what is dropped and why.

Knows nothing of models, of how passages were found, or of platforms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chains.fence import CLOSE, OPEN
from chains.format import Format
from chains.prompt import CUT, HEADS, PLACE, ROWS, TABLE, Claim, Dropped, Prompt, lay_out
from chains.writer import Card

REQUIRED = 0.70  # of the room; past it the message is cut in the middle
STABLE = 0.50  # of the room that the system message's optional parts may fill, whatever else comes
FLOOR = 5  # messages of history that may overrun its half
BLOCK = 8  # turns by which the history's start moves when it must move
_MESSAGE = 8  # tokens a chat template may put around one message
_JOIN = 2  # tokens of the line breaks between two parts


@dataclass(slots=True)
class _Sheet:
    """The working state of one ``fit``: what is kept and what is left. Never leaves this file."""

    room: int
    counts: Mapping[str, int]
    kept: list[Claim]
    dropped: list[Dropped]
    used: int = 0

    def cost(self, claim: Claim) -> int:
        turn = 2 * _MESSAGE if claim.part == "turn" else 0
        return turn + _JOIN + sum(self.counts[t] for t in (*claim.pieces, claim.answer) if t)

    def keep(self, claim: Claim) -> None:
        self.kept.append(claim)
        self.used += self.cost(claim)

    def drop(self, claim: Claim, why: str) -> None:
        self.dropped.append(Dropped(claim.what, self.cost(claim), why))


def fit(claims: tuple[Claim, ...], counts: Mapping[str, int], card: Card, format: Format) -> Prompt:  # noqa: A002
    """The prompt for ``card``: required claims first, then by priority, each part within its share.

    ``counts`` gives the tokens of every text of ``texts(claims)``. What does not fit is skipped and
    listed, and the rest goes on. The prompt never takes more than the context less the answer.
    """
    reserved = reserve(format, card)
    sheet = _Sheet(card.context - reserved, counts, [], [])
    sheet.used = 3 * _MESSAGE + sum(counts[t] + _JOIN for t in (OPEN, CLOSE, *HEADS.values()))
    _require(sheet, claims)
    _settle(sheet, claims)
    _remember(sheet, [c for c in claims if c.part == "turn"])
    _support(sheet, claims)
    kept = sorted(sheet.kept, key=lambda c: (PLACE[c.part], c.order))
    messages, passages = lay_out(kept, card)
    return Prompt(messages, passages, tuple(sheet.dropped), sheet.used, reserved)


def reserve(format: Format, card: Card) -> int:  # noqa: A002
    """Tokens kept free for the answer: the format's wish, at most a third of the context."""
    return min(format.tokens, card.context // 3)


def _of(claims: tuple[Claim, ...], *, zone: str, required: bool) -> list[Claim]:
    fitting = [c for c in claims if ROWS[c.part].zone == zone and ROWS[c.part].required == required]
    return sorted(fitting, key=lambda c: (ROWS[c.part].priority, c.order))


def _require(sheet: _Sheet, claims: tuple[Claim, ...]) -> None:
    """Required parts, all but the message whole; the message gets what is left of their 70 %."""
    bound = int(sheet.room * REQUIRED)
    required = [c for c in claims if ROWS[c.part].required]
    for claim in sorted(required, key=lambda c: ROWS[c.part].priority):
        left = bound - sheet.used
        if sheet.cost(claim) <= left:
            sheet.keep(claim)
        elif claim.part == "message":
            sheet.keep(_shorten(sheet, claim, left))
        else:
            sheet.drop(claim, "the model's context is too small for it")


def _shorten(sheet: _Sheet, claim: Claim, left: int) -> Claim:
    """The claim without its middle: head and tail pieces, in turn, as long as they fit."""
    head, tail = list[str](), list[str]()
    rest = list(claim.pieces)
    left -= _JOIN + sheet.counts[CUT] + 2
    while rest:
        side = head if len(head) <= len(tail) else tail
        piece = rest[0] if side is head else rest[-1]
        if sheet.counts[piece] > left:
            break
        left -= sheet.counts[piece]
        side.append(piece)
        rest.remove(piece) if side is head else rest.pop()
    lost = sum(sheet.counts[p] for p in rest)
    sheet.dropped.append(Dropped(f"the middle of {claim.what}", lost, "it is longer than the room for it"))
    return replace(claim, pieces=(*head, CUT, *reversed(tail)))


def _settle(sheet: _Sheet, claims: tuple[Claim, ...]) -> None:
    """The optional parts of the system message. Their bound depends on nothing volatile, so that the
    same parts are kept from turn to turn and the prefix stays the same."""
    left = int(sheet.room * STABLE) - sum(sheet.cost(c) for c in sheet.kept if ROWS[c.part].zone == "system")
    shares = {row.part: int(sheet.room * row.share) for row in TABLE}
    for claim in _of(claims, zone="system", required=False):
        cost = sheet.cost(claim)
        if cost > min(left, shares[claim.part]) or sheet.used + cost > sheet.room:
            sheet.drop(claim, f"no room left for {claim.part}")
            continue
        left, shares[claim.part] = left - cost, shares[claim.part] - cost
        sheet.keep(claim)


def _remember(sheet: _Sheet, turns: list[Claim]) -> None:
    """The latest turns. Where the history must be cut, its start moves by whole blocks of depth, so
    that it stays the same for several turns and the cached prefix with it."""
    stable = sum(sheet.cost(c) for c in sheet.kept if ROWS[c.part].zone == "system")
    bound = min(int((sheet.room - stable) * ROWS["turn"].share), sheet.room - sheet.used)
    latest = sorted(turns, key=lambda c: -c.order)
    kept = list[Claim]()
    for claim in latest:
        if sum(map(sheet.cost, kept)) + sheet.cost(claim) > bound:
            break
        kept.append(claim)
    if len(kept) < len(latest) and kept:
        # The start is the first whole block; a block that holds only the newest turns is kept as it is.
        aligned = [c for c in kept if c.order >= -(-kept[-1].order // BLOCK) * BLOCK]
        kept = aligned if 2 * len(aligned) >= min(FLOOR, 2 * len(kept)) else kept
    for claim in latest[len(kept) : (FLOOR + 1) // 2]:
        # Half of what is left may go to the floor: an answer without the last words makes no sense.
        if sheet.cost(claim) <= min((sheet.room - sheet.used) // 2, sheet.room - sheet.used) - sum(
            map(sheet.cost, kept)
        ):
            kept.append(claim)
        else:
            break
    for claim in reversed(latest):
        if claim in kept:
            sheet.keep(claim)
        else:
            sheet.drop(claim, "older than the history that fits")


def _support(sheet: _Sheet, claims: tuple[Claim, ...]) -> None:
    """What stands in the last message: first each part within its share, then what is left over goes
    to the best of the rest. A misfit is skipped."""
    free = sheet.room - sheet.used
    shares = {part: int(free * 2 * ROWS[part].share) for part in ("canon", "recalled")}
    waiting = list[Claim]()
    wanted = _of(claims, zone="lead", required=False) + _of(claims, zone="last", required=False)
    for claim in sorted(wanted, key=lambda c: (ROWS[c.part].priority, c.order)):
        cost = sheet.cost(claim)
        if claim.part in shares and cost > shares[claim.part]:
            waiting.append(claim)
            continue
        if claim.part == "previous" and cost > int(free * ROWS["previous"].share):
            claim = _shorten(sheet, claim, int(free * ROWS["previous"].share))
            cost = sheet.cost(claim)
        if cost > sheet.room - sheet.used:
            sheet.drop(claim, f"no room left for {claim.part}")
            continue
        if claim.part in shares:
            shares[claim.part] -= cost
        sheet.keep(claim)
    for claim in sorted(waiting, key=lambda c: c.order):
        if sheet.cost(claim) <= sheet.room - sheet.used:
            sheet.keep(claim)
        else:
            sheet.drop(claim, f"no room left for {claim.part}")
