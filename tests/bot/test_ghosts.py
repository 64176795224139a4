"""Two hundred changes of a show and two threads, in any order: a search finds what the ledger says is alive, and nothing else.

Every text that was ever written holds a word of its own, so that a ghost has a name.
"""

import random
import re
from collections.abc import Sequence
from itertools import count
from typing import Any

from memory import Draft, Piece, Scope, Show, Status, TakeStatus
from memory.ledger import Ledger
from vectorstore import Query, Sight

STEPS = 200
SAMPLE = 1  # older texts that are asked for after each change, besides the new ones
SEED = 1
_MARK = re.compile(r"\bmark\d+x\b")
_NAMES = ("Mara", "Gerald", "Net Loft", "Ottilie")
_SHELVES = ("notes", "letters", "logbook")
THREADS = (Scope("slack", "T1", "C1", "ghost1"), Scope("slack", "T1", "C1", "ghost2"))


class Writers:
    """People who do whatever chance says, through the ledger's own doors."""

    def __init__(self, ledger: Ledger, show: Show, seed: int) -> None:
        self._ledger = ledger
        self._show = show
        self._chance = random.Random(seed)
        self._numbers = count(1)
        self.marks: set[str] = set()
        self.done: list[str] = []

    async def step(self) -> None:
        """One change; one that has nothing to work on says something instead."""
        doings = (self.say, self.answer_again, self.choose, self.edit, self.forget_turn, self.undo, self.redo)
        doings += (self.rewind, self.keep, self.change, self.retire, self.learn, self.forget_source, self.withdraw)
        doing = self._chance.choices(doings, (6, 2, 2, 3, 2, 4, 3, 2, 3, 3, 2, 2, 1, 2))[0]
        if await doing():
            self.done.append(doing.__name__)
        else:
            await self.say()

    def _text(self, about: str) -> str:
        mark = f"mark{next(self._numbers)}x"
        self.marks.add(mark)
        return f"{about} is carried to the boathouse, {mark}."

    async def say(self) -> bool:
        scope = self._chance.choice(THREADS)
        begun = await self._ledger.turns.begin(scope, "eva", self._text("The tuba"), "chat")
        await self._finish(scope, begun.take.id)
        return True

    async def _finish(self, scope: Scope, take: str) -> None:
        status = self._chance.choice((TakeStatus.COMPLETE, TakeStatus.COMPLETE, TakeStatus.STOPPED, TakeStatus.FAILED))
        await self._ledger.turns.finish(scope, take, self._text("An answer"), status)

    async def _turn(self) -> tuple[Scope, Any]:
        scope = self._chance.choice(THREADS)
        window = (await self._ledger.threads.conversation(scope, 10_000)).window
        return scope, self._chance.choice(window) if window else None

    async def answer_again(self) -> bool:
        scope, turn = await self._turn()
        if turn is not None:
            await self._finish(scope, (await self._ledger.turns.again(scope, turn.id)).id)
        return turn is not None

    async def choose(self) -> bool:
        scope, turn = await self._turn()
        if turn is not None:
            takes = await self._ledger.turns.takes(scope, turn.id)
            if takes:
                await self._ledger.turns.choose(scope, turn.id, self._chance.choice(takes).id)
        return turn is not None

    async def withdraw(self) -> bool:
        """A page is deleted where it was shown."""
        scope, turn = await self._turn()
        if turn is not None and turn.take is not None:
            await self._ledger.turns.withdraw(scope, turn.take.id, "eva")
            return True
        return False

    async def edit(self) -> bool:
        scope, turn = await self._turn()
        if turn is not None:
            await self._ledger.turns.edit(scope, turn.id, self._text("The barrel"), "eva")
        return turn is not None

    async def forget_turn(self) -> bool:
        scope, turn = await self._turn()
        if turn is not None:
            await self._ledger.turns.forget(scope, turn.id, "eva")
        return turn is not None

    async def undo(self) -> bool:
        return await self._ledger.threads.undo(self._chance.choice(THREADS)) is not None

    async def redo(self) -> bool:
        return await self._ledger.threads.redo(self._chance.choice(THREADS)) is not None

    async def rewind(self) -> bool:
        """Back to a turn, and another way on from there."""
        scope, turn = await self._turn()
        if turn is not None:
            await self._ledger.threads.rewind(scope, turn.id)
            begun = await self._ledger.turns.begin(scope, "eva", self._text("Instead the tuba"), "chat")
            await self._finish(scope, begun.take.id)
        return turn is not None

    async def keep(self) -> bool:
        status = self._chance.choice((Status.ACCEPTED, Status.ACCEPTED, Status.PROPOSED))
        draft = Draft("thing", self._chance.choice(_NAMES), self._text("It"))
        await self._ledger.canon.add(self._show.tenant, self._show.id, draft, "eva", status)
        return True

    async def _entry(self) -> Any:
        listed = await self._ledger.canon.listing(self._show.tenant, self._show.id, statuses=tuple(Status))
        return self._chance.choice(listed) if listed else None

    async def change(self) -> bool:
        entry = await self._entry()
        if entry is not None:
            text = self._text("Now it")
            await self._ledger.canon.edit(self._show.tenant, self._show.id, entry.id, "eva", text=text)
        return entry is not None

    async def retire(self) -> bool:
        """Or reject, or take into canon again."""
        entry = await self._entry()
        if entry is not None:
            status = self._chance.choice((Status.RETIRED, Status.REJECTED, Status.ACCEPTED))
            await self._ledger.canon.decide(
                self._show.tenant, self._show.id, entry.id, status, "mia", version=entry.version
            )
        return entry is not None

    async def learn(self) -> bool:
        """A document, or a newer state of one, with fewer or more pieces than before."""
        title = self._chance.choice(_SHELVES)
        pieces = [Piece(order, self._text("A letter")) for order in range(self._chance.randint(1, 4))]
        uri, digest = f"file:///{title}", str(next(self._numbers))
        await self._ledger.sources.put(self._show.tenant, self._show.id, title, uri, "text", digest, "", pieces)
        return True

    async def forget_source(self) -> bool:
        listed = await self._ledger.sources.listing(self._show.tenant, self._show.id)
        if listed:
            await self._ledger.sources.forget(self._show.tenant, self._show.id, self._chance.choice(listed).id)
        return bool(listed)


async def alive(ledger: Ledger, show: Show, scope: Scope) -> set[str]:
    """The marks of all that can be seen from a thread, as the ledger tells people."""
    texts = [entry.text for entry in await ledger.canon.listing(show.tenant, show.id)]
    for source in await ledger.sources.listing(show.tenant, show.id):
        texts += [piece.text for piece in await ledger.sources.pieces(show.tenant, show.id, source.id)]
    for turn in (await ledger.threads.conversation(scope, 10_000)).window:
        texts += [turn.text, turn.take.text if turn.take else ""]
    return marks(texts)


def marks(texts: Sequence[str]) -> set[str]:
    return {mark for text in texts for mark in _MARK.findall(text)}


async def test_no_ghost_is_found_and_nothing_alive_is_missed_after_two_hundred_changes(desk: Any) -> None:
    app = desk.app
    show = await app.ledger.shows.find("T1", "The Salt Road")
    for scope in THREADS:
        await app.ledger.threads.open(scope, show.id)
    chance, writers = random.Random(SEED), Writers(app.ledger, show, SEED)
    for number in range(1, STEPS + 1):
        before = set(writers.marks)
        await writers.step()
        await app.librarian.settle()
        fresh = sorted(writers.marks - before)
        asked = {*fresh, *chance.sample(sorted(writers.marks), min(SAMPLE, len(writers.marks)))}
        for scope in THREADS if number % 50 == 0 else [THREADS[number % 2]]:
            living = await alive(app.ledger, show, scope)
            talk = await app.ledger.threads.conversation(scope)
            seen = {talk.thread.branch: talk.window[-1].depth} if talk.window else {}
            sight = Sight("T1", show.id, talk.thread.id, seen)
            for mark in sorted(writers.marks) if number == STEPS else sorted(asked):
                found = await app.index.search(Query(sight, f"Where is {mark}?", limit=20))
                assert not found.trouble
                seen = marks([hit.text for hit in found.hits])
                assert not seen - living, f"ghosts after {number} changes, the last: {writers.done[-3:]}"
                assert (mark in seen) == (mark in living), f"{mark} after {number} changes: {writers.done[-3:]}"
    assert len(set(writers.done)) == 14, f"chance left something out: {sorted(set(writers.done))}"
    await desk.agrees()
