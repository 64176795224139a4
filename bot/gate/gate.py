"""Gate: the front of the gate: what surfaces call. Keeps what comes in, and says who deals with it.

Knows nothing of what a turn is made of, nor of any platform.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.events import Fail, Inbound, Reply, Stage, Step
from bot.gate.attempt import Attempts, Respond, finished
from bot.gate.attempt import Inbox as Attempted
from bot.gate.behind import Behind
from bot.gate.floor import Floor
from bot.gate.item import Item, item
from bot.gate.letters import inbound as inbound_of
from bot.gate.letters import joined, letter, who
from bot.gate.rules import Rules
from bot.gate.slip import Slip
from bot.gate.telling import Teller
from bot.logs import ref
from memory import Change, Kept, Letter, LetterState, NotFound, Scope


class Inbox(Attempted, Protocol):
    async def put(self, letter: Letter) -> Kept | None: ...

    async def change(self, scope: Scope, message: str, text: str | None) -> Change: ...

    async def unfinished(self, platform: str) -> tuple[Kept, ...]: ...


class Surface(Protocol):
    """A platform as the gate needs it. ``burst`` is how many seconds to wait for a person's next message
    that belongs to the same thought."""

    @property
    def burst(self) -> float: ...

    def stage(self, inbound: Inbound, slip: Slip) -> Stage: ...

    async def prepare(self, inbound: Inbound) -> Inbound:
        """The inbound with its author's name and its files on the disk: what must not delay the ack."""
        ...


class Gate:
    """Lets inbound events through to ``respond``, which gets an event that is set when it must stop."""

    def __init__(self, respond: Respond, inbox: Inbox, rules: Rules | None = None) -> None:
        self._inbox = inbox
        self._rules = rules or Rules()
        self._surfaces: dict[str, Surface] = {}
        self._teller = Teller(inbox, self._surfaces)
        attempts = Attempts(respond, inbox, self._rules, self._surfaces, self._teller)
        self._floor = Floor(self._rules, attempts.answer, self._burst)
        self._behind = Behind()

    def serve(self, platform: str, surface: Surface) -> None:
        """What ``receive`` and ``recover`` bring for this platform is shown by ``surface``."""
        self._surfaces[platform] = surface

    async def admit(self, inbound: Inbound, stage: Stage) -> Reply:
        """Play the answer to ``inbound`` onto ``stage``. Always finishes the stage, never raises but for
        cancellation and LedgerError."""
        if inbound.kind == "stop":
            return await self._stop(inbound, stage)
        kept = await self._inbox.put(letter(inbound))
        # Who brings a stage and the same event again is shown the same answer again.
        kept = kept or Kept(0, letter(inbound), LetterState.WAITING, datetime.now(UTC))
        one = item([kept], inbound, stage)
        self._queue(one)
        try:
            return await asyncio.shield(one.ended)
        except asyncio.CancelledError:
            await self._abandon(one)
            raise

    async def receive(self, inbound: Inbound) -> bool:
        """Keep what a served platform delivered; when this returns, it may be acknowledged. False when it
        was here before or is about nothing that we know. Raises LedgerError: then it must come again."""
        if inbound.kind == "stop":
            self._behind.do(self._stop(inbound, self._teller.aside(inbound)))
            return True
        if inbound.kind in ("edit", "delete"):
            return await self._changed(inbound)
        return await self._kept(inbound)

    async def recover(self, platform: str) -> int:
        """For the start: goes on with what a program that died had not answered. How many messages that
        were. What came in long ago is announced, not answered."""
        groups: dict[int, list[Kept]] = {}
        for kept in await self._inbox.unfinished(platform):
            groups.setdefault(kept.head or kept.number, []).append(kept)
        old: dict[Scope, list[Item]] = {}
        for group in groups.values():
            one = item(group, joined([inbound_of(kept.letter) for kept in group]))
            if platform not in self._surfaces:
                await self._inbox.end(one.inbound.scope, one.number, LetterState.WITHDRAWN, "Nobody waits.")
            elif reason := self._hopeless(one.head):
                self._behind.do(self._teller.end(one, Fail(reason, ref()), LetterState.DEAD))
            elif self._is_old(one):
                old.setdefault(one.inbound.scope, []).append(one)
            else:
                self._floor.add(one)
        for items in old.values():
            self._behind.do(self._teller.announce(items))
        return len(groups)

    async def close(self) -> None:
        """Stop what runs; what waits stays in the inbox for the next start."""
        await self._floor.close()
        await self._behind.over()

    async def _kept(self, inbound: Inbound) -> bool:
        kept = await self._inbox.put(letter(inbound))
        if kept is not None:
            self._queue(item([kept], inbound))
        return kept is not None

    def _queue(self, one: Item) -> None:
        if self._is_old(one):
            self._behind.do(self._teller.announce([one]))
        elif full := self._floor.full(one.inbound.scope):
            refused = Fail(f"{full}: please send it again in a moment.")
            self._behind.do(self._teller.end(one, refused, LetterState.REFUSED))
        elif ahead := self._floor.add(one):
            before = f"{ahead} message{'s' if ahead > 1 else ''} before yours"
            self._behind.do(self._teller.show(one, Step("queue", before, "running")))

    def _burst(self, one: Item) -> float:
        surface = self._surfaces.get(one.inbound.scope.platform)
        return surface.burst if surface and one.stage is None and one.inbound.kind == "message" else 0.0

    async def _changed(self, inbound: Inbound) -> bool:
        """An edit or a deletion: of what waits it changes the queue, of what is answered the ledger."""
        text = inbound.text if inbound.kind == "edit" else None
        try:
            change = await self._inbox.change(inbound.scope, inbound.target, text)
        except NotFound:
            return False
        letters = [inbound_of(kept.letter) for kept in change.letters]
        if not change.waiting:
            kind = inbound.kind if letters else "delete"
            text = joined(letters).text if letters else ""
            return await self._kept(replace(inbound, kind=kind, values={"event": change.event}, text=text))
        for one in self._floor.waiting(inbound.scope):
            if one.number == change.number:
                if letters:
                    one.inbound = joined(letters)
                else:
                    self._floor.drop(one)
        return True

    async def _stop(self, inbound: Inbound, stage: Stage) -> Reply:
        """Ends the running turn; with none, takes back what its author has waiting."""
        running = self._floor.running(inbound.scope)
        if running is not None:
            running.halt.set()
            return await finished(stage, Reply("complete"))
        mine = [one for one in self._floor.waiting(inbound.scope) if who(one.inbound) == who(inbound)]
        for one in mine:
            self._floor.drop(one)
            await self._inbox.end(inbound.scope, one.number, LetterState.WITHDRAWN, "Stopped.")
        reason = "" if mine else "Nothing is being written here."
        return await finished(stage, Reply("complete", reason=reason))

    async def _abandon(self, one: Item) -> None:
        """Nobody waits for this answer any more."""
        if one.task is not None:
            one.task.cancel()
            await asyncio.wait([one.task])
        else:
            self._floor.drop(one)
        await self._inbox.end(one.inbound.scope, one.number, LetterState.WITHDRAWN, "Nobody waits.")

    def _hopeless(self, kept: Kept) -> str:
        if kept.state is LetterState.WORKING and kept.attempts >= self._rules.attempts:
            return f"This message ended me {kept.attempts} times, so I leave it. Say it in another way, or tell my keepers."
        return ""

    def _is_old(self, one: Item) -> bool:
        """What somebody saw the beginning of is never too old to be finished."""
        if one.head.sending or one.inbound.kind in ("edit", "delete"):
            return False
        since = min(one.head.received, one.inbound.sent or one.head.received)
        return datetime.now(UTC) - since > timedelta(seconds=self._rules.stale)
