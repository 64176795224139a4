"""Dialogue: one turn, from what a person said to the page they read.

`_write` reads as a list of assignments: each stage takes values and returns a value, and none calls
an earlier one. Knows nothing of platforms, SQL, Qdrant or which model writes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from bot import receipts
from bot.afterwards import Afterwards, LoreOf, Reader, Threads
from bot.ask import Ask, compose
from bot.ending import cut_off, failed, finish, shown_before
from bot.events import Inbound, Reply, Stage, Step
from bot.order import Order, order
from bot.play import Play
from bot.waiting import NOTICED, ended, heard, meanwhile, telling, told
from chains import (
    Cited,
    Drafts,
    Format,
    Names,
    Page,
    Question,
    WriterError,
    Written,
    check,
    draft,
    lasting,
    question,
    unmarked,
)
from memory import (
    BROKEN_OFF,
    Begun,
    Conversation,
    Preference,
    Scope,
    Take,
    TakeStatus,
    Turn,
)
from vectorstore import Found, Query, Sight

PATIENCE = 0.25
"""Seconds a turn waits for the index to take in what was changed just before it."""

SMALL_LIMIT = 5
"""Passages a small writer is given at most: among more it copies the wrong one, and reads long."""

ITSELF = "Dramaturg"
"""What we are called: nobody of the show."""


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


class Writer(Drafts, Reader, Protocol):
    @property
    def doing(self) -> str:
        """What loading says it is at."""
        ...

    async def ready(self) -> None: ...


class Footing(Protocol):
    """Says which of the passages a text stands on, and what in it is new."""

    async def of(self, written: Written, passages: Sequence[Cited], names: Names, said: Sequence[str]) -> Page: ...


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
        self._turns = turns
        self._library = library
        self._catalogue = catalogue
        self._lore = lore
        self._formats = formats
        self._profile = profile
        self._footing = footing
        self._writer = writer
        self._afterwards = Afterwards(threads, lore, formats, writer, window)

    async def turn(self, inbound: Inbound, talk: Conversation, stage: Stage, halt: asyncio.Event) -> Reply:
        """Answer a message. ``talk`` is the thread as it stands before it."""
        self._afterwards.read_no_further()
        said, person = inbound.text, inbound.who or inbound.author
        wanted = self._order(said, talk)
        asked = await self._question(wanted, talk)
        depth = talk.window[-1].depth + 1 if talk.window else 1
        with meanwhile(self._look(asked, talk, talk.thread.branch, depth)) as found:
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
        with meanwhile(self._look(asked, talk, turn.branch, turn.depth)) as found:
            return await self._answer(Ask(talk, turn, begun.take, wanted, asked, found, person), stage, halt)

    async def again(self, talk: Conversation, take: Take, stage: Stage, halt: asyncio.Event) -> Reply:
        """Write one more take of the thread's last turn. ``talk`` still ends with that turn."""
        self._afterwards.read_no_further()
        *before, turn = talk.window
        earlier = replace(talk, window=tuple(before))
        wanted = self._order(turn.text, earlier)
        steer = ", ".join(filter(None, (wanted.steer, take.steer)))
        if not wanted.onward:
            wanted = replace(wanted, previous=unmarked(turn.take.text) if turn.take else "")
        wanted = replace(wanted, form=turn.format, steer=steer)
        asked = await self._question(wanted, earlier)
        with meanwhile(self._look(asked, earlier, turn.branch, turn.depth)) as found:
            return await self._answer(Ask(earlier, turn, take, wanted, asked, found), stage, halt)

    async def close(self) -> None:
        """Wait for what goes on behind the answers; what is read beforehand is read for nobody any more."""
        await self._afterwards.close()

    def _form(self, name: str) -> Format:
        return self._formats.get(name) or self._formats["chat"]

    def _order(self, said: str, talk: Conversation) -> Order:
        """A large model reads in the talk itself what it should change; where it should go on, it is told, and also
        where what it should change went on: the talk ends after that."""
        wanted = order(said, talk, self._formats)
        if self._writer.card.small or (wanted.onward and wanted.steer):
            return wanted
        return replace(wanted, request=said, steer="", previous=wanted.previous if wanted.onward else "")

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
        found = await told(stage, Step("search", f"Looking through {talk.show.name}", "running"), ask.found)
        loading = await self._see_to_writer(form, stage, halt)
        prompt = await compose(ask, form, found, lore, self._writer, exact=loading is None)
        ready = time.perf_counter()
        written = await draft(
            self._writer,
            form,
            prompt,
            request=ask.order.request,
            meaning=ask.meaning,
            before=ask.order.previous if ask.order.onward else "",
            steer=ask.order.steer,
            last="" if ask.order.onward else ask.order.previous,
            said=ask.said,
            told=ask.told(prompt.passages),
            names=lore.names,
            sampling=ask.sampling(form),
            tenant=talk.show.tenant,
            on_text=play.text,
            halt=halt,
        )
        if loading is not None:
            loading.cancel()
        said = [*ask.said, turn.text, form.labels, ITSELF]
        page = await self._footing.of(written, prompt.passages, lore.names, said)
        page = replace(page, remarks=(*page.remarks, *check(page, prompt, written)))
        kept = receipts.make(asked, found, prompt, written, page, self._writer.card, prepared=ready - began)
        await self._save(talk.thread.scope, ask.take, written, page, kept)
        play.ended = True
        try:
            return await finish(stage, turn, form, written, page, found, await self._wish(ask))
        finally:  # what nobody waits for begins when the person has the page
            self._catalogue.ring()
            self._afterwards.begin(ask)

    async def _wish(self, ask: Ask) -> Preference | None:
        """A lasting preference in what was said, to be proposed; none that was spoken of before."""
        wishes = lasting(ask.turn.text) if ask.person else ()
        if not wishes:
            return None
        return await self._profile.propose(ask.talk.thread.scope, wishes[0], ask.person, ask.turn.id)

    async def _see_to_writer(self, form: Format, stage: Stage, halt: asyncio.Event) -> "asyncio.Task[None] | None":
        """The first message may come before the model is loaded. Then the person is told, and waits only
        where the writer has to begin: a small one that fills a skeleton may find canon speaking first. Nobody waits
        who says stop."""
        loading = asyncio.ensure_future(self._writer.ready())
        loading.add_done_callback(heard)
        done, _ = await asyncio.wait({loading}, timeout=NOTICED)
        if done:
            return None
        step = Step("writer", f"Loading {self._writer.card.name}", "running")
        shown = asyncio.create_task(telling(stage, step, loading, lambda: self._writer.doing))
        if form.skeleton is not None and self._writer.card.small:
            return shown
        return None if await ended(shown, halt) else shown

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


_STATUS = {
    "complete": TakeStatus.COMPLETE,
    "length": TakeStatus.COMPLETE,
    "stopped": TakeStatus.STOPPED,
    "failed": TakeStatus.FAILED,
}
