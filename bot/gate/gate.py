"""Gate: the front of the gate: what surfaces call. Keeps what comes in, and says who deals with it.

Knows nothing of what a turn is made of, nor of any platform.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from bot.events import Fail, Inbound, Reply, Stage, Step
from bot.gate.attempt import Attempts, Respond, finished
from bot.gate.attempt import Inbox as Attempted
from bot.gate.behind import Behind, quietly
from bot.gate.floor import Floor
from bot.gate.item import Item, item
from bot.gate.keeper import Keeper, Leases
from bot.gate.letters import inbound as inbound_of
from bot.gate.letters import letter, said_now, who
from bot.gate.rules import Rules
from bot.gate.slip import Slip
from bot.gate.telling import Teller
from bot.logs import ref
from memory import Change, Edited, Kept, Letter, LetterState, NotFound, Scope


class Inbox(Attempted, Protocol):
    async def put(self, letter: Letter) -> Kept | None: ...

    async def change(self, scope: Scope, message: str, said: Edited | None, early: bool = False) -> Change | None: ...

    async def page(self, scope: Scope, message: str) -> str | None: ...

    async def open(self, scope: Scope) -> tuple[Kept, ...]: ...

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
    """Lets inbound events through to ``respond``, which gets an event that is set when it must stop. With
    ``leases`` several programs may share an inbox; ``holder`` is this one's name among them. ``heard`` is told
    what somebody says as soon as it comes, while it is still being written down."""

    def __init__(
        self,
        respond: Respond,
        inbox: Inbox,
        rules: Rules | None = None,
        leases: Leases | None = None,
        holder: str = "",
        heard: Callable[[str], None] | None = None,
    ) -> None:
        self._inbox = inbox
        self._rules = rules or Rules()
        self._surfaces: dict[str, Surface] = {}
        self._teller = Teller(inbox, self._surfaces)
        self._attempts = Attempts(respond, inbox, self._rules, self._surfaces, self._teller)
        self._keeper = Keeper(leases, holder or uuid4().hex, self._rules.lease) if leases else None
        self._floor = Floor(self._rules, self._work, self._open, self._burst, self._keeper)
        self._behind = Behind()
        self._closing = asyncio.Event()
        self._heard = heard

    def serve(self, platform: str, surface: Surface) -> None:
        """What ``receive`` and ``recover`` bring for this platform is shown by ``surface``."""
        self._surfaces[platform] = surface

    async def admit(self, inbound: Inbound, stage: Stage) -> Reply:
        """Play the answer to ``inbound`` onto ``stage``. Always finishes the stage, never raises but for
        cancellation and LedgerError."""
        if inbound.kind == "stop":
            return await self._stop(inbound, stage)
        self._hear(inbound)
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

    async def receive(self, inbound: Inbound, *, ours: bool = False) -> bool:
        """Keep what a served platform delivered; when this returns, it may be acknowledged. False when it
        was here before or is about nothing that we know. ``ours``: an edit that is spoken to us, also where
        its message is yet to come. Raises LedgerError: then it must come again."""
        if inbound.kind == "stop":
            self._behind.do(self._stop(inbound, self._teller.aside(inbound)))
            return True
        if inbound.kind in ("edit", "delete"):
            return await self._changed(inbound, ours)
        return await self._kept(inbound)

    async def recover(self, platform: str) -> int:
        """For the start: goes on with what a program that died had not answered. How many messages that
        were. What came in long ago is announced, not answered."""
        found = _items(await self._inbox.unfinished(platform))
        for one in found:
            if platform not in self._surfaces:
                await self._inbox.end(one.inbound.scope, one.number, LetterState.WITHDRAWN, "Nobody waits.")
            else:
                one.late = self._is_old(one)
                self._floor.add(one)
        if self._keeper and platform in self._surfaces:
            self._behind.do(self._look_after(platform))
        return len(found)

    async def close(self) -> None:
        """Stop what runs; what waits stays in the inbox for the next start."""
        self._closing.set()
        await self._floor.close()
        await self._behind.over()

    async def _look_after(self, platform: str) -> None:
        """What another program left behind when it died is answered here."""
        while await self._open_after(self._rules.lease):
            since = datetime.now(UTC) - timedelta(seconds=self._rules.lease)
            await quietly(self._adopt(platform, since))

    async def _adopt(self, platform: str, since: datetime) -> None:
        for one in _items(await self._inbox.unfinished(platform)):
            if one.head.received < since:
                self._floor.add(one)

    async def _open(self, scope: Scope) -> Sequence[Item] | None:
        """A thread's letters; None where a person holds the stage, so that nobody else may answer."""
        return _items(await self._inbox.open(scope)) if scope.platform in self._surfaces else None

    async def _work(self, items: Sequence[Item]) -> Reply:
        first = items[0]
        if first.late:
            return await self._teller.announce(items)
        if first.inbound.values.get("page"):
            await self._name_take(first)
        if reason := self._hopeless(first.head):
            return await self._teller.end(first, Fail(reason, ref()), LetterState.DEAD)
        return await self._attempts.answer(first)

    def _hear(self, inbound: Inbound) -> None:
        if self._heard is not None and inbound.kind == "message" and inbound.text.strip():
            self._heard(inbound.text)

    async def _kept(self, inbound: Inbound) -> bool:
        self._hear(inbound)
        kept = await self._inbox.put(letter(inbound))
        if kept is not None:
            said = replace(inbound, text=kept.letter.text, name=kept.letter.name)
            self._queue(item([kept], replace(said, kind=inbound_of(kept.letter).kind)))
        return kept is not None

    def _queue(self, one: Item) -> None:
        one.late = self._is_old(one)
        if not one.happened and (full := self._floor.full(one.inbound.scope)):
            refused = Fail(f"{full}: please send it again in a moment.")
            self._behind.do(self._teller.end(one, refused, LetterState.REFUSED, unbegun=True))
        else:
            self._floor.add(one)
            self._behind.do(self._tell_place(one))

    async def _tell_place(self, one: Item) -> None:
        """Who waits for longer than a moment is told for how many."""
        if await self._open_after(self._rules.notice) and (ahead := self._floor.before(one)):
            before = f"{ahead} message{'s' if ahead > 1 else ''} before yours"
            await self._teller.show(one, Step("queue", before, "running"))

    async def _open_after(self, seconds: float) -> bool:
        """Whether the gate is still open then."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
        return not self._closing.is_set()

    def _burst(self, one: Item) -> float:
        surface = self._surfaces.get(one.inbound.scope.platform)
        return surface.burst if surface and one.stage is None and one.inbound.kind == "message" else 0.0

    async def _changed(self, inbound: Inbound, ours: bool) -> bool:
        """An edit or a deletion: of what waits it changes the queue, of what is answered the ledger, of what
        we said ourselves what is remembered of it. Of what has not come yet it is kept until then."""
        said = Edited(inbound.text, inbound.name) if inbound.kind == "edit" else None
        if inbound.values.get("page"):
            return await self._page_gone(inbound)
        try:
            change = await self._inbox.change(inbound.scope, inbound.target, said, early=ours or said is None)
        except NotFound:
            return False
        if change is None:
            return True
        left = said_now(change.letters)
        if not change.waiting:
            about = replace(inbound, kind=inbound.kind if left else "delete", name="", values={"event": change.event})
            return await self._kept(replace(about, text=left.text if left else ""))
        for one in self._floor.waiting(inbound.scope):
            if one.number == change.number:
                if left:
                    one.inbound = left
                else:
                    self._floor.drop(one)
        return True

    async def _page_gone(self, inbound: Inbound) -> bool:
        """Somebody deleted a message of ours. While that was still growing it is a stop, too."""
        if any(inbound.target in kept.ids for kept in await self._inbox.open(inbound.scope)):
            await self._halt(inbound.scope)
        elif await self._inbox.page(inbound.scope, inbound.target) is None:
            return False
        return await self._kept(inbound)

    async def _name_take(self, item: Item) -> None:
        """Which take was shown as the message that is gone; that is known when it is no longer written."""
        take = await self._inbox.page(item.inbound.scope, item.inbound.target)
        item.inbound = replace(item.inbound, values={"take": take or ""})

    async def _halt(self, scope: Scope) -> bool:
        """Ends what is written in a thread, here or by another program. Whether there was something."""
        running = self._floor.running(scope)
        if running is not None:
            running.halt.set()
            return True
        return self._keeper is not None and await self._keeper.halt(scope)

    async def _stop(self, inbound: Inbound, stage: Stage) -> Reply:
        """Ends the running turn; with none, takes back what its author has waiting."""
        running = self._floor.running(inbound.scope)
        if running is not None:
            running.halt.set()
            return await finished(stage, Reply("complete"))
        mine = [one for one in self._floor.waiting(inbound.scope) if who(one.inbound) == who(inbound)]
        for one in mine:
            await self._inbox.end(inbound.scope, one.number, LetterState.WITHDRAWN, "Stopped.")
            self._floor.drop(one)
        stopped = bool(mine) or (self._keeper is not None and await self._keeper.halt(inbound.scope))
        return await finished(stage, Reply("complete", reason="" if stopped else "Nothing is being written here."))

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
        if one.head.sending or one.happened:
            return False
        since = min(one.head.received, one.inbound.sent or one.head.received)
        return datetime.now(UTC) - since > timedelta(seconds=self._rules.stale)


def _items(found: Sequence[Kept]) -> list[Item]:
    """Letters as they were answered together, the head first, or wait alone."""
    groups: dict[int, list[Kept]] = {}
    for kept in sorted(found, key=lambda one: (one.number != (one.head or one.number), one.number)):
        groups.setdefault(kept.head or kept.number, []).append(kept)
    return [item(group, said_now(group) or inbound_of(group[0].letter)) for group in groups.values()]
