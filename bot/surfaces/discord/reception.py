"""Reception: what is chosen, pressed and filled in: acknowledged at once, then kept by the gate.

Knows nothing of answers.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import discord

from bot.events import File, Inbound
from bot.gate import said_again
from bot.render.discord import flat, pages, quiet, small
from bot.render.safe import line
from bot.surfaces.discord import forms, slash
from bot.surfaces.discord.asked import Asked
from bot.surfaces.discord.buttons import Pressed
from bot.surfaces.discord.completing import LONG, Completing
from bot.surfaces.discord.door import Channels, Gate, Inbox, Threads, latest, place_of
from bot.surfaces.discord.inbound import Spot, standing
from bot.surfaces.discord.surface import UNKEPT
from bot.surfaces.discord.verbs import SLASH, STORY, shared
from bot.surfaces.shown import Shown
from chains import guess_kind, guess_name
from memory import LedgerError, Room, Scope, Show

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

TOO_LONG = "This page has {:,} characters, and a window holds {:,}: ask for a shorter one with `/again shorter`."


class Shows(Protocol):
    async def all(self, tenant: str) -> tuple[Show, ...]: ...

    async def room(self, scope: Scope) -> Room: ...


class PageOf(Protocol):
    async def __call__(self, scope: Scope, turn: str = "", message: str = "") -> Shown | None: ...


@dataclass(frozen=True, slots=True)
class House:
    """What the reception needs to know of the ledger and the settings. ``mode`` as Places has it."""

    gate: Gate
    inbox: Inbox
    threads: Threads
    shows: Shows
    channels: Channels
    page: PageOf
    completing: Completing
    formats: Sequence[str]
    deciders: Collection[str] = ()
    mode: Literal["open", "stay"] = "open"


class Reception:
    """``heard`` is told of what was kept."""

    def __init__(self, house: House, heard: Callable[[Inbound], None]) -> None:
        self._house = house
        self._heard = heard

    async def interaction(self, interaction: Interaction) -> None:
        """Commands, what is typed in them, and forms; buttons come by ``pressed``."""
        match interaction.type:
            case discord.InteractionType.application_command:
                await self._slash(interaction)
            case discord.InteractionType.autocomplete:
                await self._complete(interaction)
            case discord.InteractionType.modal_submit:
                await self._form(interaction)

    async def pressed(self, interaction: Interaction, what: Pressed) -> None:
        where = await self._where(interaction)
        if where is None:
            return
        scope = where.scope(what.thread)
        if what.action == "settings":
            return await self._ask_settings(interaction, scope, where)
        if what.action == "keep" and what.turn and not what.ref and await self._ask_keep(interaction, scope, what):
            return None
        if what.action == "edit" and await self._ask_edit(interaction, scope, what.turn):
            return None
        asked = Asked(interaction, private=not shared(what.action, what.ref) and what.action != "stop")
        pressed = self._inbound("action", f"act:{interaction.id}", scope, interaction)
        pressed = replace(pressed, name=what.action, text=what.ref, target=what.turn, origin=asked)
        if what.action == "stop":
            pressed = replace(pressed, kind="stop")
        if what.action == "learn" and what.message:
            pressed = replace(pressed, values={**pressed.values, "files_of": what.message})
        await self._receive(pressed, asked)
        if what.action == "show" and what.message:
            await self._say_again(pressed, what.message)
        return None

    # -- commands --

    async def _slash(self, interaction: Interaction) -> None:
        data = _data(interaction)
        where = await self._where(interaction)
        if where is None:
            return
        name, text = data["name"], slash.said(data)
        if name == STORY:
            return await self._story(interaction, where, text)
        scope = where.scope() if where.thread else await self._here(where)
        if name == "settings":
            return await self._ask_settings(interaction, scope, where)
        if name == "edit" and not text and await self._ask_edit(interaction, scope):
            return None
        asked = Asked(interaction, private=not shared(name, text))
        given = self._inbound("stop" if name == "stop" else "command", f"{SLASH}{interaction.id}", scope, interaction)
        files = tuple(
            File(one["filename"], media=one.get("content_type") or "application/octet-stream", url=one["url"])
            for one in slash.shared_files(data)
        )
        await self._receive(replace(given, name=name, text=text, files=files, origin=asked), asked)
        return None

    async def _here(self, where: Spot) -> Scope:
        """Outside threads: the room, or where conversations stay in the channel, the latest one."""
        if where.direct or self._house.mode == "stay":
            return await latest(self._house.threads, where)
        return where.scope()

    async def _story(self, interaction: Interaction, where: Spot, what: str) -> None:
        """Its first message is what Discord shows as ours; from it the thread is opened."""
        asked = Asked(interaction, private=False, hidden=False)
        await asked.wait()
        message = await asked.message()
        begun = self._inbound("message", f"{SLASH}{interaction.id}", where.scope(str(message)), interaction)
        begun = replace(begun, text=what.strip(), message=str(message))
        who = f"**{flat(begun.author)}:**"
        await self._receive(begun, asked, acknowledged=True)
        shown = pages(f"{who} {what.strip()}" if what.strip() else f"{who} a new story")
        await asked.say(shown[:1], None)

    async def _complete(self, interaction: Interaction) -> None:
        data = _data(interaction)
        where = await self._where(interaction)
        focused = next((one for one in data.get("options", ()) if one.get("focused")), None)
        if where is None or focused is None:
            return
        scope = where.scope() if where.thread else await self._here(where)
        found = await self._house.completing(data["name"], str(focused["value"]), scope)
        choices = [discord.app_commands.Choice(name=quiet(one)[:LONG], value=one) for one in found]
        with suppress(discord.HTTPException):  # the person typed on meanwhile
            await interaction.response.autocomplete(choices)

    # -- forms --

    async def _ask_settings(self, interaction: Interaction, scope: Scope, where: Spot) -> None:
        """Discord gives three seconds to open it."""
        shows = self._house.shows
        room, known = await shows.room(scope), await shows.all(scope.tenant)
        guild = interaction.guild
        deciders = None
        if guild is not None and not where.direct:
            deciders = [
                discord.SelectDefaultValue(
                    id=int(one),
                    type=discord.SelectDefaultValueType.role
                    if guild.get_role(int(one))
                    else discord.SelectDefaultValueType.user,
                )
                for one in room.deciders
                if one.isdecimal()
            ]
        values = {"show": room.show or "", "format": room.format, "note": room.note}
        names = {show.id: show.name for show in known}
        form = forms.settings(scope.thread, names, self._house.formats, values, deciders)
        await self._show(interaction, form)

    async def _ask_keep(self, interaction: Interaction, scope: Scope, what: Pressed) -> bool:
        """Whether there is a page to edit."""
        page = await self._house.page(scope, what.turn, _source(interaction))
        if page is None or len(page.told) > forms.LONG:
            return False
        name = guess_name(page.told)
        kind = guess_kind(name, page.told)
        await self._show(interaction, forms.keep(scope.thread, what.turn, name, kind, page.told))
        return True

    async def _ask_edit(self, interaction: Interaction, scope: Scope, turn: str = "") -> bool:
        """Whether there is a page: it opens in a window, or the person hears why it does not."""
        page = await self._house.page(scope, turn, _source(interaction))
        if page is None:
            return False
        if len(page.text) <= forms.LONG:
            await self._show(interaction, forms.edit(scope.thread, page.turn, page.text))
            return True
        asked = Asked(interaction, private=True)
        await asked.wait()
        await asked.say([small(TOO_LONG.format(len(page.text), forms.LONG))], None)
        return True

    async def _show(self, interaction: Interaction, form: discord.ui.Modal) -> None:
        """The library need not remember it: what comes back says what it is."""
        with suppress(TypeError, KeyError):  # it was taken, by a server that does not say what became of it
            await interaction.response.send_modal(form)
        form.stop()

    async def _form(self, interaction: Interaction) -> None:
        back, where = forms.sent(_data(interaction)), await self._where(interaction)
        if back is None or where is None:
            return
        scope = where.scope(back.thread)
        given = self._inbound("form", f"form:{interaction.id}", scope, interaction)
        if back.form == forms.SETTINGS:
            asked = Asked(interaction, private=True)
            values = {
                "show": back.one("new_show").strip(),
                "show_id": back.one("show"),
                "note": back.one("note"),
                **({"format": back.one("format")} if back.one("format") else {}),
                **({"deciders": " ".join(back.values["deciders"])} if "deciders" in back.values else {}),
            }
            given = replace(given, name="settings", values={**given.values, **values})
        elif back.form == forms.EDIT:
            asked = Asked(interaction, private=False)
            page = await self._house.page(scope, back.turn, _source(interaction))
            over = {"over": " ".join(page.messages)} if page else {}
            given = replace(given, kind="command", name="edit", text=back.one("text").strip(), target=back.turn)
            given = replace(given, values={**given.values, **over})
        else:
            asked = Asked(interaction, private=False)
            name = line(back.one("name")).replace(":", " –")[:80]
            kind = f" as {back.one('kind')}" if back.one("kind") else ""
            text = f"{name}: {back.one('text').strip()}{kind}"
            given = replace(given, kind="command", name="keep", text=text, target=back.turn)
        await self._receive(replace(given, origin=asked), asked)

    # -- all --

    async def _where(self, interaction: Interaction) -> Spot | None:
        channel: Any = interaction.channel or discord.Object(interaction.channel_id or 0)
        return await place_of(self._house.channels, channel, interaction.guild_id, interaction.user.id)

    def _inbound(self, kind: Any, event: str, scope: Scope, interaction: Interaction) -> Inbound:
        user = interaction.user
        values = standing(user, self._house.deciders, direct=interaction.guild_id is None)
        who, sent = str(user.id), interaction.created_at
        return Inbound(kind, event, scope, line(user.display_name), values=values, who=who, sent=sent)

    async def _receive(self, inbound: Inbound, asked: Asked, *, acknowledged: bool = False) -> None:
        try:
            if not acknowledged:
                await asked.wait()
        except discord.HTTPException as error:  # too late, or the line broke: what was asked is done all the same
            log.warning("%s could not be acknowledged: %s, %s", inbound.event_id, error.status, error.code)
        try:
            if await self._house.gate.receive(inbound):
                self._heard(inbound)
        except LedgerError as error:
            log.error("%s could not be kept: %s", inbound.event_id, error)
            await asked.say([UNKEPT], None)

    async def _say_again(self, pressed: Inbound, message: str) -> None:
        """What was said before the room had a show is said again."""
        kept = await self._house.inbox.together(pressed.scope, message)
        text = said_again(kept)
        if not text:
            return
        event = f"{pressed.event_id}:ask"
        asked = Inbound("message", event, kept[0].letter.scope, pressed.author, text, who=pressed.who)
        if await self._house.gate.receive(replace(asked, values=pressed.values)):
            self._heard(asked)


def _source(interaction: Interaction) -> str:
    """The message whose button was pressed, also where a window was opened by it."""
    return str(interaction.message.id) if interaction.message else ""


def _data(interaction: Interaction) -> dict[str, Any]:
    return dict(interaction.data or {})
