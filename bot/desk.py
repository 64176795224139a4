"""Desk: where every inbound event goes: to a command's handler or to the dialogue.

Whatever is wrong on the person's side comes back as one sentence. Knows nothing of platforms.
"""

import asyncio
import difflib
from collections.abc import Mapping
from dataclasses import replace

from bot.commands import AT_A_PROMPT, TABLE, find
from bot.commands.call import Call, Handler, Mistaken
from bot.dialogue import Dialogue
from bot.events import Fail, Inbound, Offer, Reply, Stage, Text
from bot.rooms import NotTheirs, Rooms, Unbound
from chains import WriterError
from memory import LedgerError
from vectorstore import IndexFault

EXPECTED = (Mistaken, NotTheirs, Unbound, LedgerError, IndexFault, WriterError)
"""What goes wrong in known ways: the error's own words are for the person."""

_HAPPENED = {"edit": "edited", "delete": "deleted", "form": "form"}
"""What is no command, and whose handler it goes to."""

_OF_A_PAGE = frozenset({"again", "why", "keep"})


class Desk:
    def __init__(self, rooms: Rooms, dialogue: Dialogue, handlers: Mapping[str, Handler]) -> None:
        self._rooms = rooms
        self._dialogue = dialogue
        self._handlers = handlers

    async def respond(self, inbound: Inbound, stage: Stage, halt: asyncio.Event) -> Reply:
        """Play the answer onto ``stage`` and finish it."""
        try:
            if happened := _HAPPENED.get(inbound.kind):
                return await self._handlers[happened](Call(inbound, stage, halt))
            if inbound.kind in ("command", "action"):
                return await self._command(inbound, stage, halt)
            talk = await self._rooms.writing(inbound.scope, inbound.who or inbound.author)
            if not inbound.text.strip():
                return await self._nothing_said(inbound, stage)
            return await self._dialogue.turn(inbound, talk, stage, halt)
        except Unbound as error:
            return await self._which_show(inbound, stage, error)
        except EXPECTED as error:
            await stage.show(Fail(str(error)))
            reply = Reply("failed", reason=str(error))
            await stage.finish(reply)
            return reply

    async def _command(self, inbound: Inbound, stage: Stage, halt: asyncio.Event) -> Reply:
        command = find(inbound.name)
        if command is None:
            near = difflib.get_close_matches(inbound.name, [known.name for known in TABLE], n=1)
            hint = f"did you mean /{near[0]}?" if near else "`/help` lists what there is."
            raise Mistaken(f"There is no command /{inbound.name}: {hint}")
        if command.name in AT_A_PROMPT and inbound.who:
            raise Mistaken(f"`/{command.name}` is for the terminal; here every thread is a conversation of its own.")
        if inbound.kind == "action" and inbound.target and command.name in _OF_A_PAGE:
            inbound = await self._of_its_page(replace(inbound, name=command.name))
            command = find(inbound.name) or command
        return await self._handlers[command.name](Call(replace(inbound, name=command.name), stage, halt))

    async def _of_its_page(self, inbound: Inbound) -> Inbound:
        """A button belongs to the page it stands under, also when later ones have come."""
        talk = await self._rooms.enter(inbound.scope)
        turn = await self._rooms.turn(talk, inbound.target)
        if turn is None:
            raise Mistaken("That page was taken back; `/redo` may bring it back.")
        if turn.id == talk.window[-1].id:
            return inbound
        match inbound.name:
            case "again":
                return replace(inbound, name="rewind", text=f"{turn.depth} {inbound.text}")
            case "why":
                return replace(inbound, text=str(turn.depth))
            case _:  # it finds its page by the turn
                return inbound

    async def _nothing_said(self, inbound: Inbound, stage: Stage) -> Reply:
        """A file alone, or a mention alone."""
        names = ", ".join(file.name for file in inbound.files)
        say = f"Shall I learn {names} for this show?" if names else "Yes? Say what to write, or `/help`."
        await stage.show(Text(say))
        if names:
            await stage.show(Offer("learn", f"Learn {names}"))
        reply = Reply("complete")
        await stage.finish(reply)
        return reply

    async def _which_show(self, inbound: Inbound, stage: Stage, error: Unbound) -> Reply:
        """The first word in a room: its show is asked for, and what was said is said again after that."""
        await stage.show(Text("Which show does this room work on? Press one, or say `/show NAME`."))
        ask = inbound.text if inbound.kind == "message" else ""
        for show in (await self._rooms.all(inbound.scope.tenant))[:5]:
            await stage.show(Offer("show", show.name, show.name, ask))
        await stage.show(Offer("show", "Start a new show", "Untitled show", ask))
        reply = Reply("complete", reason=str(error))
        await stage.finish(reply)
        return reply
