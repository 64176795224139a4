"""Stage: one answer played in Slack: a page that grows, and what stands under it.

Knows nothing of input or of the dialogue.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Protocol

from bot.events import Attach, Cite, Fail, Final, Inbound, Note, Offer, Out, Reply, Sent, Step, Text
from bot.logs import ref
from bot.render.links import unlinked
from bot.render.paging import split
from bot.render.safe import clean, line
from bot.render.slack import PART, Block, Quieter, actions, citations, context, escape, feedback, markdown, quiet
from bot.surfaces.eyes import changes
from bot.surfaces.shown import Over
from bot.surfaces.slack.api import BROKEN, Api, Undeliverable, patiently
from bot.surfaces.slack.outlet import Outlet
from bot.surfaces.slack.sheets import Place, posted_before

log = logging.getLogger(__name__)

_TASK = {"running": "in_progress", "done": "complete", "failed": "error"}
_WRITES = frozenset({"again", "rewind"})
_FOR_ONE = frozenset({"why", "rate", "edit"})
"""Buttons whose answer is nobody else's business."""
UNSHOWN = "Slack did not take my answer (ref {}): please ask again."
UNSHOWN_PAGE = "Slack did not take all of this page (ref {}): `/export` hands it over as a file."
NO_FILES = "Slack shows files to all of a channel: mention me with `/{}` in the thread where they may be seen."
_MAYBE = "This may be here twice: I was restarted while I sent it."


class Slip(Protocol):
    key: str
    ids: tuple[str, ...]
    unsure: bool

    async def sending(self) -> None: ...

    async def posted(self, message: str) -> None: ...


class SlackStage:
    """A Stage for one reply. ``api`` is asked for when the first thing is shown; ``done`` is called when
    the reply has ended, however that was. Links lead only to ``hosts``."""

    def __init__(
        self,
        api: Callable[[], Awaitable[Api]],
        inbound: Inbound,
        slip: Slip,
        done: Callable[[], Awaitable[None]],
        roll_after: float,
        hosts: Collection[str] = (),
    ) -> None:
        self._api_of = api
        self._inbound = inbound
        self._slip = slip
        self._done = done
        self._roll_after = roll_after
        self._outlet: Outlet | None = None
        self._api: Api | None = None
        self._hosts = hosts
        self._quieter = Quieter(hosts)
        self._text = ""
        self._final = ""
        self._cites: list[Cite] = []
        self._notes: list[str] = []
        self._fails: list[Fail] = []
        self._offers: list[Offer] = []
        self._files: list[Attach] = []
        self._dead = False
        self._sent: Sent | None = None

    async def show(self, out: Out) -> None:
        if self._sent is not None or self._dead:
            return
        try:
            await self._show(out)
        except Undeliverable as error:
            self._give_up(error)

    async def finish(self, reply: Reply) -> Sent:
        """Ends the reply, and the sign that we are at work. A second time it only says what was shown."""
        if self._sent is not None:
            return self._sent
        ids: tuple[str, ...] = ()
        try:
            if not self._dead:
                ids = await self._finish(reply)
        except Undeliverable as error:
            self._give_up(error)
        except BROKEN as error:
            ids = self._outlet.shown if self._outlet else ()
            await self._say_unshown(reply, error)
        finally:
            await self._done()
        self._sent = Sent(ids, self._final or self._text, reply.status == "complete" and not self._dead)
        return self._sent

    def _give_up(self, error: Undeliverable) -> None:
        self._dead = True
        log.warning("Slack takes no message for %s: %s", self._inbound.event_id, error)

    async def _say_unshown(self, reply: Reply, error: Exception) -> None:
        """One sentence for what could not be shown, nor by trying again. Raises where not even that can be said:
        then the answer waits for a better line."""
        mark, place, api = ref(), self._place, await self._known_api()
        log.error("Slack did not take an answer to %s (%s), ref %s", self._inbound.event_id, error, mark)
        say = (UNSHOWN_PAGE if reply.turn else UNSHOWN).format(mark)
        with suppress(Undeliverable):
            if self._private:
                await api.whisper(place.channel, place.thread, place.user, say)
            else:
                await api.post(place.channel, place.thread, say, ())
        self._dead = True

    @property
    def _private(self) -> bool:
        """Answers to slash commands, to edits and to some buttons are for the one who gave them."""
        inbound = self._inbound
        pressed = inbound.kind == "action" and inbound.name in _FOR_ONE
        return not inbound.scope.thread or inbound.kind in ("edit", "delete") or pressed

    async def _show(self, out: Out) -> None:
        match out:
            case Text(delta):
                await self._grow(self._quieter.feed(delta))
            case Final(text):
                self._final = unlinked(quiet(clean(text)), self._hosts)
            case Step():
                await self._step(out)
            case Cite():
                self._cites.append(out)
            case Note(text):
                self._notes.append(text)
            case Offer():
                self._offers.append(out)
            case Attach():
                self._files.append(out)
            case Fail():
                self._fails.append(out)

    async def _grow(self, text: str) -> None:
        self._text += text
        if text and self._grows:
            (await self._open()).text(text)

    @property
    def _grows(self) -> bool:
        """Pages grow before the eye; what a command says comes whole."""
        return not self._private and (self._inbound.kind == "message" or self._inbound.name in _WRITES)

    async def _step(self, step: Step) -> None:
        place = self._place
        if step.id == "queue":
            api = await self._known_api()
            await api.whisper(place.channel, place.thread, place.user, f"Noted: {line(step.title)}.")
        elif self._grows or self._inbound.name == "learn":
            share = f" ({step.done} of {step.total})" if step.total and step.state == "running" else ""
            (await self._open()).task(step.id, line(step.title) + share, _TASK[step.state])

    @property
    def _place(self) -> Place:
        scope = self._inbound.scope
        return Place(scope.room, scope.thread, self._inbound.who)

    async def _known_api(self) -> Api:
        if self._api is None:
            self._api = await self._api_of()
        return self._api

    async def _open(self) -> Outlet:
        if self._outlet is None:
            api = await self._known_api()
            if self._slip.unsure:
                await self._look(api)
            self._outlet = Outlet(api, self._place, self._slip, roll_after=self._roll_after)
        return self._outlet

    async def _look(self, api: Api) -> None:
        """Whether an earlier program posted this without being able to note it."""
        found = await posted_before(api, self._place, self._slip.key, self._inbound.message)
        if found is None:
            self._notes.append(_MAYBE)
        for ts in found or ():
            await self._slip.posted(ts)

    async def _finish(self, reply: Reply) -> tuple[str, ...]:
        await self._grow(self._quieter.close())
        under = self._under(reply)
        if not (self._text.strip() or under or self._files or self._outlet or self._slip.ids or self._slip.unsure):
            return ()
        if self._for_all(reply):
            return await self._tell_all(under)
        if self._private:
            await self._whisper(under)
            return ()
        messages = tuple(self._inbound.values.get("over", "").split())
        fits = reply.turn and self._outlet is None and len(messages) == 1 and len(self._final) <= PART
        over = Over(self._slip, messages) if fits else None  # a page that was changed stands where it stood
        self._slip = over or self._slip
        outlet = await self._open()
        if self._text and not outlet.streamed:
            outlet.text(self._text)
        ids = await outlet.end(self._final, under) if self._text.strip() or under or self._slip.ids else ()
        if over is not None:
            await over.done()
        await self._attach()
        return ids

    def _for_all(self, reply: Reply) -> bool:
        """A slash command that has changed what all share is seen by all; one that could not be done is not."""
        inbound, done = self._inbound, reply.status == "complete" and bool(self._text.strip())
        slash = inbound.kind == "command" and not inbound.scope.thread
        return slash and done and changes(inbound.name, inbound.text)

    async def _tell_all(self, under: list[Block]) -> tuple[str, ...]:
        """In the channel, since a slash command is given in no thread."""
        api, ids = await self._known_api(), []
        who, text = await api.name(self._inbound.who), await api.named(self._inbound.text)
        said = f"{who}: /{self._inbound.name} {text[:80]}"
        for notice, blocks in self._whole([*context([escape(said)]), *under]):
            await self._slip.sending()
            ids.append(await patiently(partial(api.post, self._place.channel, "", notice, blocks)))
            await self._slip.posted(ids[-1])
        return tuple(ids)

    async def _whisper(self, under: list[Block]) -> None:
        api, place = await self._known_api(), self._place
        for notice, blocks in self._whole(under):
            await patiently(partial(api.whisper, place.channel, place.thread, place.user, notice, blocks))
        if self._files:
            await api.whisper(place.channel, place.thread, place.user, NO_FILES.format(self._inbound.name))

    def _whole(self, under: list[Block]) -> list[tuple[str, list[Block]]]:
        """What there is to read, in messages that fit: each with its notice."""
        parts = [part.text for part in split(self._text, PART)] if self._text.strip() else [""]
        messages = [(part, [markdown(part)] if part.strip() else []) for part in parts]
        messages[-1][1].extend(under)
        return [(quiet(part[:150]) or "…", blocks) for part, blocks in messages if blocks]

    async def _attach(self) -> None:
        for attached in self._files:
            api, place, file = await self._known_api(), self._place, attached.file
            try:
                await api.client.files_upload_v2(
                    channel=place.channel, thread_ts=place.thread or None, filename=line(file.name), content=file.data
                )
            except BROKEN as error:
                log.warning("A file could not be uploaded: %s", error)
                say = f"{line(file.name)} could not be uploaded; does the app have the scope files:write?"
                await api.whisper(place.channel, place.thread, place.user, quiet(say))

    def _under(self, reply: Reply) -> list[Block]:
        rows = [f"⚠ {escape(fail.say)}{f' (ref {fail.ref})' if fail.ref else ''}" for fail in self._fails]
        if reply.status == "stopped":
            before = "" if self._text.strip() else " before anything was written"
            rows.append(f"— stopped{before}{f': {escape(reply.reason)}' if reply.reason else ''}")
        elif reply.reason and not (self._text.strip() or self._fails):
            rows.append(escape(reply.reason))
        small = [*context(rows), *citations(self._cites), *context([escape(note) for note in self._notes])]
        page = bool(reply.turn) and bool(self._text.strip())
        rated = feedback(reply.turn) if page and reply.status == "complete" else []
        return [*small[:40], *actions(self._buttons(page), reply.turn, self._inbound.message), *rated]

    def _buttons(self, page: bool) -> list[Offer]:
        """What the reply offers; with a page also to have it again, to know why, and to keep it."""
        offers = list(self._offers)
        if page and not any(offer.action == "again" and not offer.ref for offer in offers):
            offers.insert(0, Offer("again", "Again"))
        if page:
            offers += [Offer("why", "Why"), Offer("keep", "Keep"), Offer("edit", "Edit…")]
        if self._inbound.kind == "message" and self._inbound.files and not any(o.action == "learn" for o in offers):
            names = ", ".join(file.name for file in self._inbound.files)
            offers.append(Offer("learn", f"Learn {names}"))
        return offers
