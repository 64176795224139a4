"""Slip: goes with a stage and keeps what became of its answer; and a stage that is watched.

By what a slip kept, the next program finishes the answer of one that died. Knows nothing of platforms.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bot.events import Out, Reply, Sent, Stage, Step
from memory import Scope


class Notes(Protocol):
    async def sending(self, scope: Scope, head: int, ids: Sequence[str] = ()) -> None: ...


class Slip:
    """``ids`` are messages that an earlier attempt posted; ``unsure`` says that it may have posted one
    without being able to say so."""

    def __init__(self, notes: Notes, scope: Scope, head: int, key: str, ids: tuple[str, ...], sending: bool) -> None:
        self._notes = notes
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
            await self._notes.sending(self._scope, self._head, self.ids)

    async def posted(self, message: str) -> None:
        """Call it for each message as soon as its id is known."""
        if message not in self.ids:
            self.ids = (*self.ids, message)
            await self._notes.sending(self._scope, self._head, self.ids)


class Watched:
    """A stage, and whether anything of an answer was shown on it. ``why``: the gate's reason for a stop."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.shown = False
        self.why = ""

    async def show(self, out: Out) -> None:
        self.shown = self.shown or not isinstance(out, Step)
        await self._stage.show(out)

    async def finish(self, reply: Reply) -> Sent:
        return await self._stage.finish(self.explained(reply))

    def explained(self, reply: Reply) -> Reply:
        """With the reason, where whoever answered knows none."""
        return replace(reply, reason=self.why) if reply.status == "stopped" and not reply.reason else reply
