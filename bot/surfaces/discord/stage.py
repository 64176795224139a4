"""Stage: one answer played in Discord: a page that grows, and what stands under it.

Knows nothing of input or of the dialogue.
"""

import logging
from collections.abc import Awaitable, Collection, Sequence
from typing import Protocol, TypeVar

import discord

from bot.events import Attach, Cite, Fail, File, Final, Inbound, Note, Offer, Out, Reply, Sent, Step, Text
from bot.render.discord import citations, flat, pages, quiet, small
from bot.render.safe import clean
from bot.surfaces.discord.asked import Asked
from bot.surfaces.discord.buttons import row
from bot.surfaces.discord.outlet import Outlet
from bot.surfaces.discord.places import Undeliverable
from bot.surfaces.discord.verbs import FORM, SLASH, WRITES

log = logging.getLogger(__name__)
T = TypeVar("T")

MAYBE = "This may be here twice: I was restarted while I sent it."
NOT_HERE = "I may not write here; docs/discord.md says which permissions I need, and what for."
TOO_LATE = "the answer that was for you alone came too late to be shown; please ask again."
STOPPING = "I am being restarted; what is here stays, and when I am back it can be had anew."


class Slip(Protocol):
    key: str
    ids: tuple[str, ...]
    unsure: bool

    async def sending(self) -> None: ...

    async def posted(self, message: str) -> None: ...


class House(Protocol):
    """What a stage needs of its surface."""

    async def outlet(
        self, stage: "DiscordStage", inbound: Inbound, slip: Slip, growing: discord.ui.View | None
    ) -> Outlet: ...

    async def named(self, inbound: Inbound, text: str) -> str: ...

    def hint(self, inbound: Inbound) -> str: ...

    def queued(self, inbound: Inbound, say: str) -> None: ...

    async def fitting(self, inbound: Inbound, files: Sequence[File]) -> tuple[list[File], list[str]]: ...

    async def ended(self, inbound: Inbound) -> None: ...


class DiscordStage:
    """A Stage for one reply. Links lead only to ``hosts``."""

    def __init__(self, inbound: Inbound, slip: Slip, house: House, hosts: Collection[str] = ()) -> None:
        self._inbound = inbound
        self._slip = slip
        self._house = house
        self._hosts = hosts
        self._asked = inbound.origin if isinstance(inbound.origin, Asked) else None
        self._outlet: Outlet | None = None
        self._text = ""
        self._final = ""
        self._cites: list[Cite] = []
        self._notes: list[str] = []
        self._fails: list[Fail] = []
        self._offers: list[Offer] = []
        self._files: list[File] = []
        self._dead = False
        self._sent: Sent | None = None

    async def show(self, out: Out) -> None:
        if self._sent is None and not self._dead:
            await self._guarded(self._show(out))

    async def finish(self, reply: Reply) -> Sent:
        """Ends the reply, and the sign that we are at work. A second time it only says what was shown."""
        if self._sent is not None:
            return self._sent
        ids: tuple[str, ...] = ()
        try:
            if not self._dead:
                ids = await self._guarded(self._finish(reply)) or ()
        finally:
            await self._house.ended(self._inbound)
        self._sent = Sent(ids, self._final or self._text, reply.status == "complete" and not self._dead)
        return self._sent

    async def break_off(self) -> None:
        """The program ends: what was shown says so. Nothing more is shown after that."""
        if self._sent is None and self._outlet is not None and not self._dead:
            self._dead = True
            await self._guarded(self._outlet.end(self._text, [small(f"— {STOPPING}")], None))

    async def _guarded(self, work: Awaitable[T]) -> T | None:
        """What this place does not take is said to the log; the turn is kept all the same."""
        try:
            return await work
        except Undeliverable as error:
            self._dead = True
            log.warning("Discord takes no message for %s: %s", self._inbound.event_id, error)
            if self._asked is not None:
                await self._asked.say([small(NOT_HERE)], None)
            return None

    async def _show(self, out: Out) -> None:
        match out:
            case Text(delta):
                self._text += delta
                if delta and self._grows:
                    (await self._open()).text(delta)
            case Final(text):
                self._final = clean(text)
            case Step():
                await self._step(out)
            case Cite():
                self._cites.append(out)
            case Note(text):
                self._notes.append(text)
            case Offer():
                self._offers.append(out)
            case Attach(file):
                self._files.append(file)
            case Fail():
                self._fails.append(out)

    @property
    def _private(self) -> bool:
        return self._asked is not None and self._asked.private

    @property
    def _quiet(self) -> bool:
        """Of messages that a moderator removed in bulk nothing is said."""
        return self._inbound.kind == "delete" and self._inbound.event_id.startswith("bulk:")

    @property
    def _grows(self) -> bool:
        """Pages grow before the eye; what a command says comes whole."""
        return not self._private and (self._inbound.kind == "message" or self._inbound.name in WRITES)

    async def _step(self, step: Step) -> None:
        if step.id == "queue":
            if self._asked is None:  # Discord shows by itself that an interaction waits
                self._house.queued(self._inbound, step.title)
        elif step.state != "done" and (self._grows or self._inbound.name == "learn") and not self._private:
            share = f" ({step.done} of {step.total})" if step.total else ""
            (await self._open()).step(f"{step.title}{share}…")

    async def _open(self) -> Outlet:
        if self._outlet is None:
            stop = row([Offer("stop", "Stop")], "", self._inbound.scope.thread, "") if self._grows else None
            self._outlet = await self._house.outlet(self, self._inbound, self._slip, stop)
        return self._outlet

    async def _finish(self, reply: Reply) -> tuple[str, ...]:
        text = self._final or self._text
        files, problems = await self._house.fitting(self._inbound, self._files)
        foot = self._foot(reply, problems)
        if self._inbound.kind in ("edit", "delete"):
            text, foot = "", [*([small(text)] if text.strip() else []), *foot]
        elif self._inbound.name == "settings":
            text = await self._house.named(self._inbound, text)
        page = bool(reply.turn) and bool(text.strip())
        buttons = row(self._buttons(page), reply.turn, self._inbound.scope.thread, self._inbound.message)
        anything = text.strip() or any(foot) or files
        if self._asked is not None and (self._private or not (text.strip() or files or self._outlet)):
            contents = pages(text, foot, self._hosts) or ([small("Done.")] if self._private and not files else [])
            if not contents or await self._asked.say(contents, buttons, files):
                await self._asked.done()
                return ()
            if self._private:  # not for all to see
                text, foot, buttons, files = "", [small(f"{flat(self._inbound.author)}: {TOO_LATE}")], None, []
        if self._quiet or not (anything or self._outlet or self._slip.ids):
            return ()
        if reply.turn:
            await self._take_over(pages(self._led(text), foot, self._hosts))
        ids = await (await self._open()).end(self._led(text), foot, buttons, files)
        if self._asked is not None:
            await self._asked.done()
        return ids

    async def _take_over(self, contents: Sequence[str]) -> None:
        """A page that was changed stands where it stood; where it needs more room it is told anew."""
        over = self._inbound.values.get("over", "").split()
        if self._outlet is None and len(contents) <= len(over):
            for message in over:
                await self._slip.posted(message)

    def _led(self, text: str) -> str:
        """An answer that all see says who asked for it with a slash command."""
        return text if self._grows or not text.strip() else f"{self._who}\n{text}"

    @property
    def _who(self) -> str:
        slash = self._inbound.event_id.startswith((SLASH, FORM)) and self._inbound.kind == "command"
        slash = slash and self._inbound.name != "edit"  # whose page it is stands under it
        return (
            small(f"{flat(self._inbound.author)}: /{self._inbound.name} {flat(self._inbound.text[:80])}")
            if slash
            else ""
        )

    def _foot(self, reply: Reply, problems: Sequence[str]) -> list[str]:
        rows = [f"⚠️ {fail.say}{f' (ref {fail.ref})' if fail.ref else ''}" for fail in self._fails]
        if reply.status == "stopped":
            rows.append(f"— stopped{f': {reply.reason}' if reply.reason else ''}")
        elif reply.reason and not (self._text.strip() or self._fails):
            rows.append(reply.reason)
        notes = [*self._notes, *problems, *([MAYBE] if self._slip.unsure and self._late else [])]
        who = [self._who] if self._grows else []
        if reply.turn and self._grows and (hint := self._house.hint(self._inbound)):
            notes.append(hint)
        return [quiet("\n".join(rows)), citations(self._cites), *(small(note) for note in notes), *who]

    @property
    def _late(self) -> bool:
        """Too late for Discord to tell by itself that a message was sent before."""
        sent = self._inbound.sent
        return sent is not None and (discord.utils.utcnow() - sent).total_seconds() > 120

    def _buttons(self, page: bool) -> list[Offer]:
        """What the reply offers; with a page also to have it again, to know why, to keep it, to rate it."""
        offers = list(self._offers)
        if page and not any(offer.action == "again" and not offer.ref for offer in offers):
            offers.insert(0, Offer("again", "Again"))
        if page:
            offers += [Offer("why", "Why"), Offer("keep", "Keep…"), Offer("edit", "Edit…")]
        if self._inbound.kind == "message" and self._inbound.files and not any(o.action == "learn" for o in offers):
            offers.append(Offer("learn", f"Learn {', '.join(file.name for file in self._inbound.files)}"))
        if self._inbound.name == "settings" and self._inbound.kind in ("command", "action"):
            offers.append(Offer("settings", "Change"))
        if page:
            offers += [Offer("rate", "Good", "up"), Offer("rate", "Not good", "down")]
        return offers
