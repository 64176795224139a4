"""Commands about what was said before: going back to it, changing it, judging it.

Knows nothing of writing, search or platforms.
"""

from collections.abc import Mapping
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.dialogue import Dialogue
from bot.events import Offer, Reply
from bot.rooms import Rooms
from memory import Conversation, Scope, Take, Turn

_VERDICTS = {"up": 1, "down": -1}


class Turns(Protocol):
    async def again(self, scope: Scope, turn: str, steer: str = "") -> Take: ...

    async def by_event(self, scope: Scope, event: str) -> Turn | None: ...

    async def edit(self, scope: Scope, turn: str, text: str, who: str) -> Turn: ...

    async def forget(self, scope: Scope, turn: str, who: str) -> Turn: ...

    async def withdraw(self, scope: Scope, take: str, who: str) -> Turn: ...

    async def rate(self, scope: Scope, turn: str, who: str, verdict: int) -> None: ...


class Numbered(Protocol):
    async def turn_at(self, scope: Scope, depth: int) -> Turn | None: ...


class Threads(Numbered, Protocol):
    async def rewind(self, scope: Scope, turn: str) -> Turn: ...


class Changed(Protocol):
    """Says that the ledger changed."""

    def __call__(self) -> None: ...


class Past:
    def __init__(self, rooms: Rooms, threads: Threads, turns: Turns, dialogue: Dialogue, changed: Changed) -> None:
        self._rooms = rooms
        self._threads = threads
        self._turns = turns
        self._dialogue = dialogue
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {"rewind": self.rewind, "rate": self.rate, "edited": self.edited, "deleted": self.deleted}

    async def rewind(self, call: Call) -> Reply:
        number, _, how = call.text.partition(" ")
        turn = await numbered(self._threads, await self._rooms.enter(call.scope), number)
        await self._threads.rewind(call.scope, turn.id)
        self._changed()
        talk = await self._rooms.writing(call.scope, call.person, spare=1)
        take = await self._turns.again(call.scope, turn.id, how.strip())
        return await self._dialogue.again(talk, take, call.stage, call.halt)

    async def rate(self, call: Call) -> Reply:
        verdict = _VERDICTS.get(call.text.casefold())
        if verdict is None:
            raise Mistaken("Say `/rate up` or `/rate down`.")
        turn = call.inbound.target
        if not turn:
            talk = await self._rooms.enter(call.scope)
            if not talk.window:
                raise Mistaken("There is no page to judge yet.")
            turn = talk.window[-1].id
        await self._turns.rate(call.scope, turn, call.person, verdict)
        return await call.say("Thank you, noted." if verdict > 0 else "Noted, thank you. `/again HOW` says how else.")

    async def edited(self, call: Call) -> Reply:
        """Somebody changed a message that was answered."""
        turn = await self._turns.by_event(call.scope, call.inbound.values["event"])
        if turn is None or turn.text == call.text:
            return await call.end(Reply("complete"))
        await self._turns.edit(call.scope, turn.id, call.text, call.person)
        self._changed()
        talk = await self._rooms.enter(call.scope)
        last = bool(talk.window) and talk.window[-1].id == turn.id
        offer = Offer("again", "Redo from here") if last else Offer("rewind", "Redo from here", str(turn.depth))
        await call.stage.show(offer)
        return await call.say("You changed what this answers. It counts as it is now; the answer is still the old one.")

    async def deleted(self, call: Call) -> Reply:
        """Somebody deleted a message that was answered, or a page: that needs no answer."""
        take = call.inbound.values.get("take")
        if take is not None:  # "" where nothing was made of it
            if take:
                await self._turns.withdraw(call.scope, take, call.inbound.who)
                self._changed()
            return await call.end(Reply("complete"))
        turn = await self._turns.by_event(call.scope, call.inbound.values["event"])
        if turn is None:
            return await call.end(Reply("complete"))
        await self._turns.forget(call.scope, turn.id, call.person)
        self._changed()
        return await call.say("Taken back: that message and its answer count no more.")


async def numbered(threads: Numbered, talk: Conversation, number: str) -> Turn:
    """The turn of that number in a conversation; only this one is read. Raises Mistaken."""
    last = talk.window[-1].depth if talk.window else 0
    depth = int(number) if number.isdecimal() and len(number) <= len(str(last)) else 0
    turn = await threads.turn_at(talk.thread.scope, depth) if 0 < depth <= last else None
    if turn is None:
        raise Mistaken(f"There is no turn {number}; this conversation has {last}.")
    return turn
