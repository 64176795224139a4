"""One call of the REST API, and finding what it is about. Knows nothing of what calls do."""

from dataclasses import dataclass
from typing import Any

from tests.loopback.discord import rules
from tests.loopback.discord.faults import Limits
from tests.loopback.discord.news import News
from tests.loopback.discord.rules import Refused, need
from tests.loopback.discord.wire import Json, Sight
from tests.loopback.discord.world import Attachment, Channel, Guild, Message, World


@dataclass
class Call:
    """One request: ``ids`` are those of its path, ``files`` the parts it came with."""

    world: World
    news: News
    sight: Sight
    limits: Limits
    ids: dict[str, str]
    query: dict[str, str]
    body: Any
    files: list[Attachment]
    content: bool = True

    def show(self, one: Message) -> Json:
        return self.sight.message(one, self.content)


def channel_of(call: Call, name: str = "channel") -> Channel:
    found = call.world.channels.get(int(call.ids[name]))
    if found is None:
        raise rules.UNKNOWN_CHANNEL
    need(found, call.world.me)
    return found


def message_of(call: Call) -> tuple[Channel, Message]:
    channel = channel_of(call)
    found = channel.messages.get(int(call.ids["message"]))
    if found is None:
        raise rules.UNKNOWN_MESSAGE
    return channel, found


def guild_of(call: Call) -> Guild:
    found = call.world.guilds.get(int(call.ids["guild"]))
    if found is None:
        raise Refused(404, 10004, "Unknown Guild")
    if not found.here:
        raise rules.MISSING_ACCESS
    return found
