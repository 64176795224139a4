"""Inbound: what Discord delivers, as the gate's words.

Who spoke, where, in which server and with which roles is taken from the gateway's envelope and from
nowhere else. Knows nothing of connections or of the ledger.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import discord

from bot.events import File, Inbound
from bot.render.discord import named
from bot.render.safe import clean, line
from bot.surfaces.typed import as_verb
from memory import Scope

PLATFORM = "discord"
_SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
_FIRST_MENTION = re.compile(r"\s*<@!?(\d+)>")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something was said: the channel as the gateway names it, and the thread if it is one."""

    tenant: str
    room: str
    thread: str = ""
    direct: bool = False

    def scope(self, thread: str = "") -> Scope:
        return Scope(PLATFORM, self.tenant, self.room, self.thread or thread)


def spot(channel: Any, guild: int | None, user: int) -> Spot:
    """The spot of a channel or thread that is known; of a direct message its id is enough."""
    if guild is None:
        return Spot(str(user), str(channel.id), direct=True)
    if isinstance(channel, discord.Thread):
        return Spot(str(guild), str(channel.parent_id), str(channel.id))
    return Spot(str(guild), str(channel.id))


def is_speech(message: discord.Message, me: int) -> bool:
    """Whether a person said this."""
    bot = message.author.bot or message.webhook_id is not None or message.author.id == me
    return not bot and message.type in _SPOKEN


def is_named(message: discord.Message, me: int) -> bool:
    """Whether it names us, or the role that Discord made for us."""
    own = message.guild.self_role if message.guild else None
    return any(user.id == me for user in message.mentions) or own in message.role_mentions


def is_addressed(message: discord.Message, me: int) -> bool:
    """Whether it is for us wherever it stands: it names us, or answers us in words that we may read."""
    return message.guild is None or is_named(message, me) or (answers(message, me) and _readable(message))


def _readable(message: discord.Message) -> bool:
    return bool(message.content or message.attachments)


def answers(message: discord.Message, me: int) -> bool:
    """Whether it is a reply to a message of ours."""
    about = message.reference.resolved if message.reference else None
    return isinstance(about, discord.Message) and about.author.id == me


def is_for_another(message: discord.Message, me: int) -> bool:
    """Whether it begins with somebody else's name, and does not name us."""
    first = _FIRST_MENTION.match(message.content)
    return first is not None and int(first[1]) != me and not is_named(message, me)


def said(message: discord.Message, me: int) -> str:
    """The words without our own mention, with names where Discord has ids."""
    ours = {f"@!?{me}"}
    if message.guild and message.guild.self_role:
        ours.add(f"@&{message.guild.self_role.id}")
    text = re.sub(rf"\s*<(?:{'|'.join(ours)})>[ ,:]*", " ", message.content)
    names = {f"@{user.id}": user.display_name for user in message.mentions}
    names |= {f"@&{role.id}": role.name for role in message.role_mentions}
    names |= {f"#{channel.id}": channel.name for channel in message.channel_mentions}
    return clean(named(text, names)).strip()


def of_message(message: discord.Message, scope: Scope, me: int, values: dict[str, str]) -> Inbound:
    heard = Inbound(
        "message",
        f"msg:{message.id}",
        scope,
        line(message.author.display_name),
        said(message, me),
        values=values,
        files=tuple(file(one) for one in message.attachments),
        who=str(message.author.id),
        message=str(message.id),
        sent=message.created_at,
    )
    return as_verb(heard)


def roles(user: discord.User | discord.Member) -> list[discord.Role]:
    return [role for role in user.roles if not role.is_default()] if isinstance(user, discord.Member) else []


def standing(user: discord.User | discord.Member, deciders: Collection[str], *, direct: bool) -> dict[str, str]:
    """What a person may here, for the desk: the ids of their roles, and whether the settings let them
    decide what is canon where a room does not say. In a server, whose roles are not known has none."""
    held = roles(user)
    known = {word for role in held for word in (str(role.id), role.name.casefold())}
    values = {"roles": " ".join(str(role.id) for role in held)} if held else {}
    refused = bool(deciders) and not direct and not known & set(deciders)
    return values | ({"decides": "no"} if refused else {})


def file(one: discord.Attachment) -> File:
    """A file that a person shared."""
    return File(one.filename, media=one.content_type or "application/octet-stream", url=one.url)
