"""What the gateway tells about things that happened: which event, under which intent, to whom.

Knows nothing of who did it, the bot through the REST API or a person.
"""

from typing import Any

from tests.loopback.discord import wire
from tests.loopback.discord.gateway import Gateway
from tests.loopback.discord.wire import Json, Sight
from tests.loopback.discord.world import DM, EPHEMERAL, Channel, Guild, Interaction, Message, Role, User


class News:
    def __init__(self, gateway: Gateway, sight: Sight) -> None:
        self._gateway = gateway
        self._sight = sight

    def message(self, event: str, one: Message) -> None:
        """``MESSAGE_CREATE`` or ``MESSAGE_UPDATE``. What only one person sees is nobody's news."""
        if one.flags & EPHEMERAL or not self._sees(one.channel):
            return
        self._gateway.dispatch(
            event,
            one.channel.guild,
            _kind(one.channel, "messages"),
            lambda content: self._sight.message(one, content, event=True),
        )

    def deleted(self, messages: list[Message]) -> None:
        channel = messages[0].channel
        if not self._sees(channel):
            return
        data: Json = {"channel_id": str(channel.id)} | _of(channel.guild)
        if len(messages) == 1:
            event, data["id"] = "MESSAGE_DELETE", str(messages[0].id)
        else:
            event, data["ids"] = "MESSAGE_DELETE_BULK", [str(one.id) for one in messages]
        self._gateway.dispatch(event, channel.guild, _kind(channel, "messages"), lambda content: data)

    def channel(self, event: str, one: Channel, **more: Any) -> None:
        """``CHANNEL_...`` and ``THREAD_...``."""
        if self._sees(one):
            self._gateway.dispatch(event, one.guild, "guilds", lambda content: {**wire.channel(one), **more})

    def guild(self, event: str, one: Guild) -> None:
        if event == "GUILD_DELETE":
            self._gateway.dispatch(event, one, "guilds", lambda content: {"id": str(one.id)})
        else:
            data = {**wire.guild(one)}
            data.pop("unavailable")
            self._gateway.dispatch(event, one, "guilds", lambda content: data)

    def role(self, guild: Guild, one: Role) -> None:
        data = {"guild_id": str(guild.id), "role": wire.role(one)}
        self._gateway.dispatch("GUILD_ROLE_CREATE", guild, "guilds", lambda content: data)

    def member(self, event: str, guild: Guild, one: User) -> None:
        data = wire.member(guild, one) | {"guild_id": str(guild.id)}
        self._gateway.dispatch(event, guild, "members", lambda content: data)

    def typing(self, channel: Channel, one: User, at: float) -> None:
        data: Json = {"channel_id": str(channel.id), "user_id": str(one.id), "timestamp": int(at)} | _of(channel.guild)
        self._gateway.dispatch("TYPING_START", channel.guild, _kind(channel, "typing"), lambda content: data)

    def interaction(self, one: Interaction, data: Json) -> None:
        """Interactions need no intent."""
        self._gateway.dispatch("INTERACTION_CREATE", one.channel.guild, "", lambda content: data)

    def _sees(self, channel: Channel) -> bool:
        return channel.guild is None or channel.guild.may(channel.guild.bot, channel, "VIEW_CHANNEL")


def _kind(channel: Channel, what: str) -> str:
    return ("dm_" if channel.kind == DM else "guild_") + what


def _of(guild: Guild | None) -> Json:
    return {"guild_id": str(guild.id)} if guild else {}
