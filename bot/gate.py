"""Gate: what comes in is kept before it is acknowledged, and answered once: in order in its thread,
threads side by side, with an answer or a reason for everyone, also after a crash.

Knows nothing of what a turn is made of, nor of any platform.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot.events import Fail, File, Inbound, Note, Reply, Sent, Stage, Step, Text
from bot.events import Out as Shown
from bot.lanes import Lane, Lanes
from bot.logs import ref
from memory import Change, Kept, Letter, LetterState, NotFound, Scope

Respond = Callable[[Inbound, Stage, asyncio.Event], Awaitable[Reply]]

log = logging.getLogger(__name__)


class Inbox(Protocol):
    async def put(self, letter: Letter) -> Kept | None: ...

    async def take(self, scope: Scope, numbers: Sequence[int]) -> int: ...

    async def sending(self, scope: Scope, head: int, ids: Sequence[str] = ()) -> None: ...

    async def end(self, scope: Scope, head: int, state: LetterState, reason: str = "") -> None: ...

    async def change(self, scope: Scope, message: str, text: str | None) -> Change: ...

    async def unfinished(self, platform: str) -> tuple[Kept, ...]: ...


class Surface(Protocol):
    """A platform as the gate needs it. ``burst`` is how many seconds to wait for a person's next message
    that belongs to the same thought."""

    @property
    def burst(self) -> float: ...

    def stage(self, inbound: Inbound, slip: "Slip") -> Stage: ...

    async def prepare(self, inbound: Inbound) -> Inbound:
        """The inbound with its author's name and its files on the disk: what must not delay the ack."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """``parallel`` bounds the turns at work, ``tenant`` those of one tenant, ``depth`` the messages that
    wait in one thread, ``total`` in all. ``attempts`` is how often a message is tried, ``stale`` from
    what age (seconds) it is announced and not answered, ``deadline`` how long one turn may take."""

    parallel: int = 4
    tenant: int = 4
    depth: int = 8
    total: int = 200
    attempts: int = 3
    stale: float = 600.0
    deadline: float = 600.0
    pause: float = 0.5


class Slip:
    """Goes with a stage and keeps what became of its answer. ``ids`` are messages that an earlier
    attempt posted; ``unsure`` says that it may have posted one without being able to say so."""

    def __init__(self, inbox: Inbox, scope: Scope, head: int, key: str, ids: tuple[str, ...], sending: bool) -> None:
        self._inbox = inbox
        self._scope = scope
        self._head = head
        self._told = sending
        self.key = key
        self.ids = ids
        self.unsure = sending and not ids

    async def sending(self) -> None:
        """Call it before the first message is posted."""
        if not self._told:
            self._told = True
            await self._inbox.sending(self._scope, self._head, self.ids)

    async def posted(self, message: str) -> None:
        """Call it for each message as soon as its id is known."""
        if message not in self.ids:
            self.ids = (*self.ids, message)
            await self._inbox.sending(self._scope, self._head, self.ids)


@dataclass(slots=True, eq=False)
class _Item:
    """What is answered together. ``stage`` is set where the surface holds it itself."""

    kept: list[Kept]
    inbound: Inbound
    stage: Stage | None
    came: float
    ended: "asyncio.Future[Reply]"
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    @property
    def head(self) -> Kept:
        return self.kept[0]


class Gate:
    """Lets inbound events through to ``respond``, which gets an event that is set when it must stop."""

    def __init__(self, respond: Respond, inbox: Inbox, rules: Rules | None = None) -> None:
        self._respond = respond
        self._inbox = inbox
        self._rules = rules or Rules()
        self._lanes: Lanes[_Item] = Lanes(self._rules.parallel, self._rules.tenant)
        self._running: dict[Scope, _Item] = {}
        self._surfaces: dict[str, Surface] = {}
        self._behind: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._open = True

    def serve(self, platform: str, surface: Surface) -> None:
        """What ``receive`` and ``recover`` bring for this platform is shown by ``surface``."""
        self._surfaces[platform] = surface

    async def admit(self, inbound: Inbound, stage: Stage) -> Reply:
        """Play the answer to ``inbound`` onto ``stage``. Always finishes the stage, never raises but for
        cancellation and LedgerError."""
        if inbound.kind == "stop":
            return await self._stop(inbound, stage)
        item = await self._keep(inbound, stage)
        if item is None:  # who brings a stage and the same event again is shown the same answer again
            again = Kept(0, _letter(inbound), LetterState.WAITING, datetime.now(UTC))
            item = self._item([again], inbound, stage)
        self._queue(item)
        try:
            return await asyncio.shield(item.ended)
        except asyncio.CancelledError:
            await self._abandon(item)
            raise

    async def receive(self, inbound: Inbound) -> bool:
        """Keep what a served platform delivered; when this returns, it may be acknowledged. False when it
        was here before or is about nothing that we know. Raises LedgerError: then it must come again."""
        if inbound.kind == "stop":
            slip = Slip(self._inbox, inbound.scope, 0, inbound.event_id, (), True)
            self._later(self._quietly(self._stop(inbound, self._surfaces[inbound.scope.platform].stage(inbound, slip))))
            return True
        if inbound.kind in ("edit", "delete"):
            return await self._changed(inbound)
        item = await self._keep(inbound, None)
        if item is not None:
            self._queue(item)
        return item is not None

    async def recover(self, platform: str) -> int:
        """For the start: goes on with what a program that died had not answered. How many messages that
        were. What came in long ago is announced, not answered."""
        groups: dict[int, list[Kept]] = {}
        for kept in await self._inbox.unfinished(platform):
            groups.setdefault(kept.head or kept.number, []).append(kept)
        old: dict[Scope, list[_Item]] = {}
        for group in groups.values():
            item = self._item(group, _joined([_inbound(kept.letter) for kept in group]), None)
            if platform not in self._surfaces:
                await self._inbox.end(item.inbound.scope, item.head.number, LetterState.WITHDRAWN, "Nobody waits.")
            elif reason := self._hopeless(item.head):
                self._later(self._tell(item, Fail(reason, ref()), LetterState.DEAD))
            elif self._is_old(item):
                old.setdefault(item.inbound.scope, []).append(item)
            else:
                self._queue(item, bounded=False)
        for items in old.values():
            self._later(self._announce(items))
        return len(groups)

    async def close(self) -> None:
        """Stop what runs; what waits stays in the inbox for the next start."""
        self._open = False
        tasks = [item.task for item in self._running.values() if item.task]
        for task in tasks:
            task.cancel()
        if self._timer:
            self._timer.cancel()
        await asyncio.gather(*tasks, *self._behind, return_exceptions=True)

    # -- coming in --

    async def _keep(self, inbound: Inbound, stage: Stage | None) -> _Item | None:
        kept = await self._inbox.put(_letter(inbound))
        return None if kept is None else self._item([kept], inbound, stage)

    def _item(self, kept: list[Kept], inbound: Inbound, stage: Stage | None) -> _Item:
        loop = asyncio.get_running_loop()
        return _Item(kept, inbound, stage, loop.time(), loop.create_future())

    def _queue(self, item: _Item, *, bounded: bool = True) -> None:
        lane = self._lanes.lane(item.inbound.scope)
        if bounded and self._is_old(item):
            self._lanes.forget(lane)
            return self._later(self._announce([item]))
        full = len(lane.waiting) >= self._rules.depth, self._lanes.waiting >= self._rules.total
        if bounded and any(full):
            say = f"{len(lane.waiting)} messages already wait in this thread" if full[0] else "Too many people wait"
            self._lanes.forget(lane)
            return self._later(self._tell(item, Fail(f"{say}: please send it again in a moment."), LetterState.REFUSED))
        ahead = len(lane.waiting) + lane.busy
        lane.waiting.append(item)
        lane.waiting.sort(key=_order)
        lane.ready = item.came + self._burst(item)
        if ahead:
            before = f"{ahead} message{'s' if ahead > 1 else ''} before yours"
            self._later(self._show(item, Step("queue", before, "running")))
        return self._pump()

    def _burst(self, item: _Item) -> float:
        surface = self._surfaces.get(item.inbound.scope.platform)
        return surface.burst if surface and item.stage is None and item.inbound.kind == "message" else 0.0

    async def _changed(self, inbound: Inbound) -> bool:
        """An edit or a deletion: of what waits it changes the queue, of what is answered the ledger."""
        try:
            change = await self._inbox.change(
                inbound.scope, inbound.target, inbound.text if inbound.kind == "edit" else None
            )
        except NotFound:
            return False
        letters = [_inbound(kept.letter) for kept in change.letters]
        if change.waiting:
            lane = self._lanes.known(inbound.scope)
            for item in [item for item in lane.waiting if item.head.number == change.number] if lane else ():
                if letters:
                    item.inbound = _joined(letters)
                else:
                    self._drop(item)
            return True
        kind = inbound.kind if letters else "delete"
        about = replace(
            inbound, kind=kind, values={"event": change.event}, text=_joined(letters).text if letters else ""
        )
        item_ = await self._keep(about, None)
        if item_ is not None:
            self._queue(item_)
        return item_ is not None

    async def _stop(self, inbound: Inbound, stage: Stage) -> Reply:
        """Ends the running turn; with none, takes back what its author has waiting."""
        running = self._running.get(inbound.scope)
        lane = self._lanes.known(inbound.scope)
        mine = [item for item in lane.waiting if _who(item.inbound) == _who(inbound)] if lane else []
        if running is not None:
            running.halt.set()
            return await _finished(stage, Reply("complete"))
        for item in mine:
            self._drop(item)
            await self._inbox.end(inbound.scope, item.head.number, LetterState.WITHDRAWN, "Stopped.")
        reason = "" if mine else "Nothing is being written here."
        return await _finished(stage, Reply("complete", reason=reason))

    def _drop(self, item: _Item) -> None:
        lane = self._lanes.known(item.inbound.scope)
        if lane and item in lane.waiting:
            lane.waiting.remove(item)
            self._lanes.forget(lane)
        if not item.ended.done():
            item.ended.set_result(Reply("stopped"))

    async def _abandon(self, item: _Item) -> None:
        """Nobody waits for this answer any more."""
        if item.task is not None:
            item.task.cancel()
            await asyncio.wait([item.task])
        else:
            self._drop(item)
        await self._inbox.end(item.inbound.scope, item.head.number, LetterState.WITHDRAWN, "Nobody waits.")

    # -- going through --

    def _pump(self) -> None:
        """Start what may start; come again when a burst is over."""
        loop = asyncio.get_running_loop()
        while self._open and (lane := self._lanes.next(loop.time())):
            item = self._next(lane)
            self._running[lane.scope] = item
            item.task = asyncio.create_task(self._run(lane, item))
        soonest = self._lanes.soonest()
        if self._timer:
            self._timer.cancel()
        self._timer = loop.call_at(soonest, self._pump) if self._open and soonest and soonest > loop.time() else None

    def _next(self, lane: Lane[_Item]) -> _Item:
        """The lane's first, with what the same person said right after it."""
        first = lane.waiting.pop(0)
        burst, last = self._burst(first), first
        while burst and lane.waiting:
            more = lane.waiting[0]
            same = more.inbound.kind == "message" and more.stage is None and _who(more.inbound) == _who(first.inbound)
            if not same or more.came - last.came > burst or first.head.attempts or more.head.attempts:
                break
            last = lane.waiting.pop(0)
            first.kept += last.kept
            first.inbound = _joined([first.inbound, last.inbound])
        return first

    async def _run(self, lane: Lane[_Item], item: _Item) -> None:
        reply = Reply("failed", reason="stopped with the program")
        try:
            reply = await self._guarded(item)
        finally:
            if not item.ended.done():
                item.ended.set_result(reply)
            self._running.pop(lane.scope, None)
            self._lanes.free(lane)
            self._pump()

    async def _guarded(self, item: _Item) -> Reply:
        """The answer, or after the last attempt a reason."""
        scope, head = item.inbound.scope, item.head.number
        slip = Slip(self._inbox, scope, head, item.inbound.event_id, item.head.ids, item.head.sending)
        while True:
            tried = self._rules.attempts
            stage = _Watched(item.stage or self._surfaces[scope.platform].stage(item.inbound, slip))
            try:
                tried = await self._inbox.take(scope, [kept.number for kept in item.kept])
                reply = await self._turn(item, stage)
                await self._inbox.end(scope, head, LetterState.DONE, reply.reason)
            except Exception:  # the outermost surface: a person who asked gets a reason, the log gets the details
                mark = ref()
                log.exception("%s %s failed, ref %s", item.inbound.kind, item.inbound.event_id, mark)
                if stage.shown or item.inbound.kind != "message" or tried >= self._rules.attempts:
                    await self._quietly(self._give_up(item, stage, mark))
                    return Reply("failed", reason="internal error")
                await asyncio.sleep(self._rules.pause * tried)
            else:
                return reply

    async def _turn(self, item: _Item, stage: "_Watched") -> Reply:
        inbound = item.inbound
        if item.stage is None:
            inbound = await self._surfaces[inbound.scope.platform].prepare(inbound)
        if item.head.attempts and inbound.kind in ("command", "action", "form"):
            what = f"`/{inbound.name}`" if inbound.name else "that"
            say = f"I was restarted in the middle of {what}. See whether it was done, and give it again if not."
            await stage.show(Text(say))
            return await _finished(stage, Reply("complete"))
        timer = asyncio.get_running_loop().call_later(self._rules.deadline, item.halt.set)
        try:
            return await self._respond(inbound, stage, item.halt)
        finally:
            timer.cancel()

    async def _give_up(self, item: _Item, stage: Stage, mark: str) -> None:
        await stage.show(Fail("Something went wrong here, and nothing you wrote is lost: please try again.", mark))
        await stage.finish(Reply("failed", reason="internal error"))
        await self._inbox.end(item.inbound.scope, item.head.number, LetterState.DEAD, f"ref {mark}")

    # -- telling --

    def _hopeless(self, kept: Kept) -> str:
        if kept.state is LetterState.WORKING and kept.attempts >= self._rules.attempts:
            return f"This message ended me {kept.attempts} times, so I leave it. Say it in another way, or tell my keepers."
        return ""

    def _is_old(self, item: _Item) -> bool:
        """What somebody saw the beginning of is never too old to be finished."""
        if item.head.sending or item.inbound.kind in ("edit", "delete"):
            return False
        since = min(item.head.received, item.inbound.sent or item.head.received)
        return datetime.now(UTC) - since > timedelta(seconds=self._rules.stale)

    async def _announce(self, items: Sequence[_Item]) -> None:
        """One sentence for all that waited too long in a thread."""
        many = f"{len(items)} messages" if len(items) > 1 else "A message"
        say = f"I was away. {many} from before {'are' if len(items) > 1 else 'is'} not answered: "
        for item in items[:-1]:
            await self._inbox.end(item.inbound.scope, item.head.number, LetterState.STALE, "It came too late.")
        await self._tell(items[-1], Note(say + "please say again what still matters."), LetterState.STALE)

    async def _tell(self, item: _Item, out: Shown, state: LetterState) -> None:
        """Ends an item that is not answered, with its reason."""
        scope = item.inbound.scope
        reason = out.say if isinstance(out, Fail) else ""
        await self._inbox.end(scope, item.head.number, state, reason)
        stage = item.stage
        if stage is None:
            slip = Slip(self._inbox, scope, item.head.number, item.inbound.event_id, item.head.ids, item.head.sending)
            stage = self._surfaces[scope.platform].stage(item.inbound, slip)
        reply = Reply("failed", reason=reason)
        try:
            await stage.show(out)
            await stage.finish(reply)
        finally:
            if not item.ended.done():
                item.ended.set_result(reply)

    async def _show(self, item: _Item, out: Shown) -> None:
        scope = item.inbound.scope
        slip = Slip(self._inbox, scope, item.head.number, item.inbound.event_id, (), True)
        await (item.stage or self._surfaces[scope.platform].stage(item.inbound, slip)).show(out)

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _quietly(self, work: Awaitable[Any]) -> None:
        """Telling somebody may fail with their platform; that ends nothing else."""
        try:
            await work
        except Exception:  # the outermost surface
            log.exception("A message could not be told, ref %s", ref())


class _Watched:
    """A stage, and whether anything of an answer was shown on it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.shown = False

    async def show(self, out: Shown) -> None:
        self.shown = self.shown or not isinstance(out, Step)
        await self._stage.show(out)

    async def finish(self, reply: Reply) -> Sent:
        return await self._stage.finish(reply)


async def _finished(stage: Stage, reply: Reply) -> Reply:
    await stage.finish(reply)
    return reply


def _who(inbound: Inbound) -> str:
    return inbound.who or inbound.author


def _order(item: _Item) -> tuple[datetime, int]:
    """By when it was said; a platform may deliver late. What was begun before goes first."""
    head = item.head
    return (datetime.min.replace(tzinfo=UTC) if head.attempts else item.inbound.sent or head.received), head.number


def _joined(inbounds: Sequence[Inbound]) -> Inbound:
    """Several messages of one person as one; the first gives its name to all."""
    text = "\n".join(inbound.text for inbound in inbounds if inbound.text)
    files = tuple(file for inbound in inbounds for file in inbound.files)
    return replace(inbounds[0], text=text, files=files)


def _letter(inbound: Inbound) -> Letter:
    return Letter(
        kind=inbound.kind,
        event=inbound.event_id,
        scope=inbound.scope,
        author=_who(inbound),
        text=inbound.text,
        name=inbound.name,
        values=inbound.values,
        target=inbound.target,
        message=inbound.message,
        files=tuple((file.name, file.url or file.path, file.media) for file in inbound.files),
        sent=inbound.sent,
    )


def _inbound(letter: Letter) -> Inbound:
    return Inbound(
        kind=letter.kind,  # type: ignore[arg-type]  # as it was put
        event_id=letter.event,
        scope=letter.scope,
        author=letter.author,
        text=letter.text,
        name=letter.name,
        values=letter.values,
        target=letter.target,
        files=tuple(File(name, url=where, media=media) for name, where, media in letter.files),
        who=letter.author,
        message=letter.message,
        sent=letter.sent,
    )
