"""Dialogue: one turn, from what a person said to the page they read.

`_write` reads as a list of assignments: each stage takes values and returns a value, and none calls
an earlier one. Knows nothing of platforms, SQL, Qdrant or which model writes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot import receipts
from bot.ending import cut_off, failed, finish, shown_before
from bot.events import Inbound, Reply, Stage, Step
from bot.lore import Lore
from bot.order import Order, order
from bot.play import Play
from chains import (
    Cited,
    Drafts,
    Format,
    Message,
    Names,
    Page,
    Prompt,
    Question,
    Sampling,
    WriterError,
    Written,
    check,
    claims,
    draft,
    fit,
    lasting,
    question,
    recap,
    stated,
    texts,
    unmarked,
)
from memory import (
    BROKEN_OFF,
    Begun,
    Conversation,
    LedgerError,
    Preference,
    Recap,
    Scope,
    Show,
    Take,
    TakeStatus,
    Turn,
)
from vectorstore import Found, Query, Sight

log = logging.getLogger(__name__)

PATIENCE = 0.25
"""Seconds a turn waits for the index to take in what was changed just before it."""

SMALL_LIMIT = 5
"""Passages a small writer is given at most: among more it copies the wrong one, and reads long."""

ITSELF = "Dramaturg"
"""What we are called: nobody of the show."""

BREATH = 0.5
"""Seconds after a page in which nobody has said more, before the next prompt's beginning is read."""


class Threads(Protocol):
    async def conversation(self, scope: Scope, window: int) -> Conversation: ...

    async def recap_due(self, scope: Scope, window: int) -> tuple[Turn, ...]: ...

    async def keep_recap(self, scope: Scope, turn: str, text: str) -> Recap: ...


class Turns(Protocol):
    async def begin(self, scope: Scope, author: str, text: str, format: str, event_id: str) -> Begun: ...  # noqa: A002

    async def draft(self, scope: Scope, take: str, text: str) -> None: ...

    async def finish(
        self,
        scope: Scope,
        take: str,
        text: str,
        status: TakeStatus,
        reason: str,
        receipts: Mapping[str, Any],
        writer: str,
    ) -> Turn: ...


class Profile(Protocol):
    async def propose(self, scope: Scope, text: str, who: str, origin: str = "") -> Preference | None: ...


class Library(Protocol):
    def expect(self, texts: Sequence[str]) -> None:
        """Told what will be looked up in a moment, it may begin."""
        ...

    async def search(self, query: Query) -> Found: ...


class Catalogue(Protocol):
    """What keeps the index in step with the ledger."""

    def ring(self) -> None: ...

    async def catch_up(self, within: float) -> bool: ...


class Writer(Drafts, Protocol):
    async def ready(self) -> None: ...

    async def count(self, texts: Sequence[str]) -> list[int]: ...

    async def read(self, messages: Sequence[Message], *, tenant: str) -> None:
        """What a coming prompt begins with, beforehand; only where that pays."""
        ...


class Footing(Protocol):
    """Says which of the passages a text stands on, and what in it is new."""

    async def __call__(self, text: str, passages: Sequence[Cited], names: Names, said: Sequence[str]) -> Page: ...


LoreOf = Callable[[Show], Awaitable[Lore]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One take to be written: the turn it answers, what came before it, what it should be, what is looked up for
    it and being found. ``person`` is who says it for the first time, "" for a further take."""

    talk: Conversation
    turn: Turn
    take: Take
    order: Order
    asked: Question
    found: "asyncio.Task[Found]"
    person: str = ""


class Dialogue:
    """Plays pages onto stages. One serves every thread; the gate keeps each thread's turns in order."""

    def __init__(
        self,
        *,
        threads: Threads,
        turns: Turns,
        library: Library,
        catalogue: Catalogue,
        lore: LoreOf,
        formats: Mapping[str, Format],
        profile: Profile,
        footing: Footing,
        writer: Writer,
        window: int = 12,
    ) -> None:
        self._threads = threads
        self._turns = turns
        self._library = library
        self._catalogue = catalogue
        self._lore = lore
        self._formats = formats
        self._profile = profile
        self._footing = footing
        self._writer = writer
        self._window = window
        self._behind: set[asyncio.Task[None]] = set()
        self._ahead: set[asyncio.Task[None]] = set()

    async def turn(self, inbound: Inbound, talk: Conversation, stage: Stage, halt: asyncio.Event) -> Reply:
        """Answer a message. ``talk`` is the thread as it stands before it."""
        self._read_no_further()
        said, person = inbound.text, inbound.who or inbound.author
        wanted = self._order(said, talk)
        asked = await self._question(wanted, talk)
        depth = talk.window[-1].depth + 1 if talk.window else 1
        with _meanwhile(self._look(asked, talk, talk.thread.branch, depth)) as found:
            begun = await self._turns.begin(inbound.scope, inbound.author, said, wanted.form, inbound.event_id)
            if begun.fresh:
                ask = Ask(talk, begun.turn, begun.take, wanted, asked, found, person)
                return await self._answer(ask, stage, halt)
        if begun.take.text or not cut_off(begun.take):
            return await shown_before(begun, stage)
        turn = begun.turn
        talk = replace(talk, window=tuple(one for one in talk.window if one.id != turn.id))
        wanted = replace(self._order(turn.text, talk), form=turn.format)
        asked = await self._question(wanted, talk)
        with _meanwhile(self._look(asked, talk, turn.branch, turn.depth)) as found:
            return await self._answer(Ask(talk, turn, begun.take, wanted, asked, found, person), stage, halt)

    async def again(self, talk: Conversation, take: Take, stage: Stage, halt: asyncio.Event) -> Reply:
        """Write one more take of the thread's last turn. ``talk`` still ends with that turn."""
        self._read_no_further()
        *before, turn = talk.window
        earlier = replace(talk, window=tuple(before))
        wanted = self._order(turn.text, earlier)
        steer = ", ".join(filter(None, (wanted.steer, take.steer)))
        previous = unmarked(turn.take.text) if turn.take else ""
        wanted = replace(wanted, form=turn.format, steer=steer, previous=previous)
        asked = await self._question(wanted, earlier)
        with _meanwhile(self._look(asked, earlier, turn.branch, turn.depth)) as found:
            return await self._answer(Ask(earlier, turn, take, wanted, asked, found), stage, halt)

    async def close(self) -> None:
        """Wait for what goes on behind the answers; what is read beforehand is read for nobody any more."""
        await asyncio.gather(*self._behind, return_exceptions=True)
        self._read_no_further()
        await asyncio.gather(*self._ahead, return_exceptions=True)

    def _form(self, name: str) -> Format:
        return self._formats.get(name) or self._formats["chat"]

    def _order(self, said: str, talk: Conversation) -> Order:
        """A large model reads in the talk itself what it should change."""
        wanted = order(said, talk, self._formats)
        return wanted if self._writer.card.small else replace(wanted, request=said, steer="", previous="")

    async def _question(self, wanted: Order, talk: Conversation) -> Question:
        """What to look up. Its meaning is worked out while the ledger is told of the turn."""
        asked = question(wanted.sought, talk, (await self._lore(talk.show)).names, self._form(wanted.form))
        self._library.expect((asked.text, *asked.also))
        return replace(asked, limit=min(asked.limit, SMALL_LIMIT)) if self._writer.card.small else asked

    async def _look(self, asked: Question, talk: Conversation, branch: str, depth: int) -> Found:
        """What there is for a turn at this place, once the index has taken in what was changed just before. Of
        earlier turns only those of this thread's path that the prompt's window does not show."""
        sight = Sight(talk.show.tenant, talk.show.id, talk.thread.id, {branch: depth - 1})
        await self._catalogue.catch_up(PATIENCE)
        return await self._library.search(asked.query(sight, before=talk.window[0].depth if talk.window else depth))

    async def _answer(self, ask: Ask, stage: Stage, halt: asyncio.Event) -> Reply:
        """Write the take, and end it whatever comes: one that nobody writes on must not look as if."""
        play = Play(stage, self._saver(ask.talk.thread.scope, ask.take))
        try:
            return await self._write(ask, play, stage, halt)
        except WriterError as error:
            await self._break_off(ask, play, TakeStatus.FAILED, str(error))
            return await failed(stage, ask.turn, str(error))
        finally:  # the surface broke, or nobody waits any more
            await self._break_off(ask, play, TakeStatus.STOPPED, BROKEN_OFF)

    async def _write(self, ask: Ask, play: Play, stage: Stage, halt: asyncio.Event) -> Reply:
        began = time.perf_counter()
        talk, turn, asked = ask.talk, ask.turn, ask.asked
        form = self._form(turn.format)
        lore = await self._lore(talk.show)
        found = await _told(stage, Step("search", f"Looking through {talk.show.name}", "running"), ask.found)
        loading = await self._see_to_writer(form, stage)
        prompt = await self._prompt(ask, form, found, lore, exact=loading is None)
        ready = time.perf_counter()
        written = await draft(
            self._writer,
            form,
            prompt,
            request=ask.order.request,
            meaning=_meaning(asked),
            said=_said(talk),
            told=stated([(one.text, one.take.text if one.take else "") for one in talk.window]),
            names=lore.names,
            sampling=_sampling(form, ask),
            tenant=talk.show.tenant,
            on_text=play.text,
            halt=halt,
        )
        if loading is not None:
            loading.cancel()
        said = [*_said(talk), turn.text, form.labels, ITSELF]
        sources = () if written.recalled else prompt.passages  # what was recalled has its source in the talk
        page = await self._footing(written.text, sources, lore.names, said)
        page = replace(page, remarks=(*page.remarks, *check(page, prompt, written)))
        kept = receipts.make(asked, found, prompt, written, page, self._writer.card, prepared=ready - began)
        await self._save(talk.thread.scope, ask.take, written, page, kept)
        play.ended = True
        try:
            return await finish(stage, turn, form, written, page, found, await self._wish(ask))
        finally:  # what nobody waits for begins when the person has the page
            self._catalogue.ring()
            _among(self._behind, self._afterwards(ask))

    async def _wish(self, ask: Ask) -> Preference | None:
        """A lasting preference in what was said, to be proposed; none that was spoken of before."""
        wishes = lasting(ask.turn.text) if ask.person else ()
        if not wishes:
            return None
        return await self._profile.propose(ask.talk.thread.scope, wishes[0], ask.person, ask.turn.id)

    async def _see_to_writer(self, form: Format, stage: Stage) -> "asyncio.Task[None] | None":
        """The first message may come before the model is loaded. Then the person is told, and waits only
        where the writer has to begin: a small one that fills a skeleton may find canon speaking first."""
        loading = asyncio.ensure_future(self._writer.ready())
        loading.add_done_callback(_heard)
        done, _ = await asyncio.wait({loading}, timeout=0.2)
        if done:
            return None
        telling = asyncio.create_task(_tell_loading(loading, self._writer.card.name, stage))
        if form.skeleton is not None and self._writer.card.small:
            return telling
        await telling
        return None

    async def _prompt(self, ask: Ask, form: Format, found: Found, lore: Lore, *, exact: bool) -> Prompt:
        """Fit what there is into the writer's context, counted in its own tokens; too carefully where
        it is not loaded yet."""
        card = self._writer.card
        wanted = claims(
            ask.talk,
            ask.order.request,
            ask.turn.author,
            form,
            card,
            meaning=_meaning(ask.asked),
            hits=found.hits,
            pinned=() if card.small else lore.pinned,
            steer=ask.order.steer,
            previous=ask.order.previous,
        )
        counted = texts(wanted)
        counts = await self._writer.count(counted) if exact else [len(text.encode()) // 2 + 1 for text in counted]
        return fit(wanted, dict(zip(counted, counts, strict=True)), card, form)

    def _saver(self, scope: Scope, take: Take) -> Callable[[str], Awaitable[None]]:
        async def save(text: str) -> None:
            await self._turns.draft(scope, take.id, text)

        return save

    async def _save(self, scope: Scope, take: Take, written: Written, page: Page, kept: Mapping[str, Any]) -> None:
        """The take, its receipts and its outbox row, in one transaction."""
        text = page.text if written.finish in ("complete", "length") else written.text
        await self._turns.finish(
            scope, take.id, text, _STATUS[written.finish], written.reason, kept, self._writer.card.name
        )

    async def _break_off(self, ask: Ask, play: Play, status: TakeStatus, reason: str) -> None:
        """End a take that will not be written on, with what was shown of it."""
        if not play.ended:
            play.ended = True
            name = self._writer.card.name
            await self._turns.finish(ask.talk.thread.scope, ask.take.id, play.shown, status, reason, {}, name)
            self._catalogue.ring()

    async def _afterwards(self, ask: Ask) -> None:
        await self._keep_recap(ask.talk.thread.scope)
        if self._writer.card.keeps:
            _among(self._ahead, self._read_ahead(ask))

    def _read_no_further(self) -> None:
        """Somebody waits for a page."""
        for task in self._ahead:
            task.cancel()

    async def _read_ahead(self, ask: Ask) -> None:
        """The next turn's prompt begins with what is known now: a model that keeps what it has read may read it
        while the person reads the page. Most of it is there already, but not when the window has moved."""
        await asyncio.sleep(BREATH)
        try:
            talk = await self._threads.conversation(ask.talk.thread.scope, self._window)
            coming = Ask(talk, replace(ask.turn, text=""), ask.take, Order("", "", ""), ask.asked, ask.found)
            lore = await self._lore(talk.show)
            prompt = await self._prompt(coming, self._form(talk.thread.format), Found(), lore, exact=True)
            await self._writer.read(prompt.messages, tenant=talk.show.tenant)
        except (LedgerError, WriterError) as error:
            log.info("The next prompt's beginning was not read beforehand: %s", error)

    async def _keep_recap(self, scope: Scope) -> None:
        """Bring the recap up to the window's edge, after the answer and never delaying it."""
        due = await self._threads.recap_due(scope, self._window)
        if due:
            talk = await self._threads.conversation(scope, self._window)
            told = recap(talk.thread.recap, due, (await self._lore(talk.show)).names)
            if told is not None:
                await self._threads.keep_recap(scope, due[-1].id, told.text)


def _among(tasks: set["asyncio.Task[None]"], work: Coroutine[Any, Any, None]) -> None:
    """Begins work that is held until it ends."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


_STATUS = {
    "complete": TakeStatus.COMPLETE,
    "length": TakeStatus.COMPLETE,
    "stopped": TakeStatus.STOPPED,
    "failed": TakeStatus.FAILED,
}


def _meaning(asked: Question) -> str:
    """The message with its *she* and *there* put in; "" where it has none."""
    return asked.also[0] if asked.also else ""


def _said(talk: Conversation) -> list[str]:
    """The window as plain texts, oldest first: what a page may take names from besides canon."""
    return [text for turn in talk.window for text in (turn.text, turn.take.text if turn.take else "") if text]


def _sampling(form: Format, ask: Ask) -> Sampling:
    """A further take is drawn with another seed, so that the same again is not the same again."""
    if form.sampling.seed is None:
        return form.sampling
    return replace(form.sampling, seed=form.sampling.seed + ask.take.number - 1)


@contextmanager
def _meanwhile(work: Coroutine[Any, Any, Found]) -> "Iterator[asyncio.Task[Found]]":
    """Work that goes on beside what is in the block, and ends with it."""
    task = asyncio.create_task(work)
    task.add_done_callback(_heard)
    try:
        yield task
    finally:
        task.cancel()


async def _told(stage: Stage, step: Step, work: "asyncio.Task[Found]") -> Found:
    """What takes long enough to be wondered about is shown as a step."""
    done, _ = await asyncio.wait({work}, timeout=0.2)
    if not done:
        await stage.show(step)
        await asyncio.wait({work})
        await stage.show(replace(step, state="failed" if work.exception() else "done"))
    return work.result()


def _heard(work: "asyncio.Future[Any]") -> None:
    """Who waits for the work is told how it ended; where nobody does, nobody need hear of it."""
    if not work.cancelled():
        work.exception()


async def _tell_loading(loading: "asyncio.Future[None]", name: str, stage: Stage) -> None:
    await stage.show(Step("writer", f"Loading {name}", "running"))
    await asyncio.wait({loading})
    await stage.show(Step("writer", f"Loading {name}", "failed" if loading.exception() else "done"))
