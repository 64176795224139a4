"""Chat: the conversation in the terminal, from the first screen to the last word.

The prompt stands before anything heavy is loaded; the parts open behind it. Knows nothing of how
answers come about.
"""

import asyncio
import importlib
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.commands import TABLE
from bot.config import Config, author, environment
from bot.events import Fail, Inbound, Reply, Stage, Step
from bot.surfaces.plain import converse, one_shot
from bot.surfaces.repl import Repl, Status
from bot.surfaces.terminal import Terminal, terminal
from memory import Scope

if TYPE_CHECKING:
    from bot.opening import Opened

_SOON = 0.3
"""Seconds after which somebody who waits is told what for."""


async def chat(
    stack: AsyncExitStack,
    config: Config,
    *,
    message: str | None,
    show: str,
    format: str,
    resume: bool,
) -> int:
    """Converse until the person leaves, or answer one message. Gives the exit status."""
    wanted = {"show": show, "form": format or config.settings.format, "resume": resume}
    seat = terminal(environment(), sys.stdin, sys.stdout)
    if seat.interactive and message is None:
        return await _at_the_prompt(stack, config, seat, wanted)
    if message is None and not sys.stdin.isatty():
        message = (await asyncio.to_thread(sys.stdin.read)).strip()
        if not message:
            return 0
    room = await (await _opening()).open_chat(stack, config, **wanted, asks=False)
    who = author(config.settings)
    if message is not None:
        return await one_shot(room.respond, message, scope=room.scope, author=who, out=sys.stdout, err=sys.stderr)
    return await converse(
        room.respond,
        scope=room.scope,
        author=who,
        source=sys.stdin.fileno(),
        out=sys.stdout,
        err=sys.stderr,
        greeting=room.greeting,
    )


async def _opening() -> Any:
    """The module that opens the parts; it takes a second to load, so the prompt must not wait for it."""
    return await asyncio.to_thread(importlib.import_module, "bot.opening")


async def _at_the_prompt(stack: AsyncExitStack, config: Config, seat: Terminal, wanted: dict[str, Any]) -> int:
    if not config.settings.home.joinpath("ledger.db").exists() and not config.settings.ledger:
        # Somebody new is asked what to begin with, before there is a prompt.
        opening = asyncio.ensure_future((await _opening()).open_chat(stack, config, **wanted, asks=True))
        await asyncio.wait({opening})
        opening.result()
    else:

        async def behind() -> "Opened":
            opened: Opened = await (await _opening()).open_chat(stack, config, **wanted, asks=False)
            return opened

        opening = asyncio.ensure_future(behind())
    return await _Seat(opening, config, seat).run()


class _Seat:
    """The prompt, with what its toolbar shows kept true, in front of parts that may still be opening."""

    def __init__(self, opening: "asyncio.Future[Opened]", config: Config, seat: Terminal) -> None:
        self._opening = opening
        self._status = Status(writer="opening…")
        self._failed: BaseException | None = None
        self._repl = Repl(
            respond=self._respond,
            commands=TABLE,
            complete=self._complete,
            # Until the room is open nobody is anywhere; what is typed then goes where the room opens.
            scope=_NOWHERE,
            author=author(config.settings),
            terminal=seat,
            status=lambda: self._status,
            history=config.settings.home / "history",
        )

    async def run(self) -> int:
        """Talk until the person leaves. Raises what kept the parts from opening."""
        watching = asyncio.create_task(self._watch())
        try:
            status = await self._repl.run()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            if not self._opening.done():
                self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._failed is not None:
            raise self._failed
        return status

    async def _watch(self) -> None:
        """Say when the room is open, and then when the writer is loaded."""
        await asyncio.wait({self._opening})
        if error := self._opening.exception():
            self._failed = error
            self._repl.leave()
            return
        opened = self._opening.result()
        self._repl.announce(opened.greeting)
        await self._look(opened)
        said = await opened.writer_ready()
        self._status = Status(self._status.show, self._status.format, said)
        self._repl.refresh()

    async def _respond(self, inbound: Inbound, stage: Stage) -> Reply:
        opened = await self._open(stage)
        here = opened.scope if inbound.scope == _NOWHERE else inbound.scope
        reply = await opened.respond(_moved(inbound, here), stage)
        if inbound.kind != "stop":
            opened.scope = reply.scope or here
            await self._look(opened)
        return reply if reply.scope or inbound.scope == here else _at(reply, here)

    async def _open(self, stage: Stage) -> "Opened":
        waiting = asyncio.shield(self._opening)
        done, _ = await asyncio.wait({waiting}, timeout=_SOON)
        if not done:
            await stage.show(Step("opening", "Opening the show", "running"))
            await asyncio.wait({waiting})
            await stage.show(Step("opening", "Opened", "failed" if self._opening.exception() else "done"))
        if error := self._opening.exception():
            await stage.show(Fail(str(error)))
        return self._opening.result()

    async def _look(self, opened: "Opened") -> None:
        """Bring the toolbar up to date."""
        show, form = await opened.look()
        writer = "" if self._status.writer == "" else "loading the model…"
        self._status = Status(show, form, writer)
        self._repl.refresh()

    async def _complete(self, kind: str, prefix: str) -> Sequence[str]:
        if not self._opening.done() or self._opening.exception():
            return []
        return await self._opening.result().complete(kind, prefix)


_NOWHERE = Scope("terminal", "", "")


def _moved(inbound: Inbound, scope: Scope) -> Inbound:
    return replace(inbound, scope=scope)


def _at(reply: Reply, scope: Scope) -> Reply:
    return replace(reply, scope=scope)
