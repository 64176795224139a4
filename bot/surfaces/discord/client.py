"""Client: the line to Discord. Hands on what the gateway says, and spends no more identifies than there are.

Asks for no privileged intent unless told to, pings nobody, remembers no messages. Knows nothing of
what events mean.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import discord

from bot.surfaces.discord.address import aim
from bot.surfaces.discord.buttons import Press, Pressed

log = logging.getLogger(__name__)


class Spent(Exception):
    """No more sessions may be started for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Discord lets us start no session for {seconds:.0f} s.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Line:
    """How Discord is reached."""

    token: str
    base_url: str = "https://discord.com/api/v10"
    gateway_url: str = ""
    proxy: str = ""
    message_content: bool = False


class Ears(Protocol):
    """Who is told what comes in. ``begin`` is awaited once Discord knows us, before anything is heard;
    ``ready`` whenever a shard has a new session, which does not tell what came before it; ``lost`` and
    ``resumed`` when its line breaks and goes on; ``beat`` from time to time while all is well."""

    async def begin(self, client: discord.AutoShardedClient) -> None: ...

    async def ready(self, client: discord.AutoShardedClient, shard: int) -> None: ...

    def lost(self, shard: int) -> None: ...

    def resumed(self, shard: int) -> None: ...

    def beat(self) -> None: ...

    async def message(self, message: discord.Message) -> None: ...

    async def edited(self, message: discord.Message) -> None: ...

    async def deleted(self, messages: Sequence[int], channel: int, guild: int | None, *, bulk: bool) -> None: ...

    async def thread_deleted(self, thread: int, room: int, guild: int) -> None: ...

    async def interaction(self, interaction: "discord.Interaction[Any]") -> None: ...

    async def pressed(self, interaction: "discord.Interaction[Any]", what: Pressed) -> None: ...


class Client(discord.AutoShardedClient):
    def __init__(self, line: Line, ears: Ears) -> None:
        aim(line.base_url, line.gateway_url)
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        intents.message_content = line.message_content
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            proxy=line.proxy or None,
        )
        self._line = line
        self.ears = ears
        self.heard = time.monotonic()
        self.add_dynamic_items(Press)
        self._guard()

    def _guard(self) -> None:
        """An event that the library cannot read costs itself and not the line. The library knows no other
        place for this than its table of parsers; without it, the line is opened anew after such an event."""
        parsers = self._connection.parsers
        for name, parse in list(parsers.items()):
            parsers[name] = _guarded(name, parse)

    async def setup_hook(self) -> None:
        """A gateway that is not Discord's own is told to the library before it connects."""
        count, gateway, _ = await self.http.get_bot_gateway()
        self.shard_count = count
        aim(self._line.base_url, self._line.gateway_url or gateway)
        await self.ears.begin(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await super().before_identify_hook(shard_id, initial=initial)
        await self.check_limits()

    async def check_limits(self) -> None:
        """Raises Spent. Who identifies too often loses their token."""
        limits = await self.fetch_session_start_limits()
        if limits.remaining < 1:
            raise Spent(limits.reset_after / 1000)

    def deaf(self) -> bool:
        """Whether a shard has no working line. A line that Discord does not answer on is closed by the
        library within a minute."""
        shards = self.shards.values()
        return not self.is_ready() or not shards or any(shard.is_closed() for shard in shards)

    # -- what the gateway says --

    async def on_socket_event_type(self, event: str) -> None:
        self.heard = time.monotonic()

    async def on_shard_ready(self, shard_id: int) -> None:
        await self.ears.ready(self, shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self.ears.lost(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.ears.resumed(shard_id)

    async def on_message(self, message: discord.Message) -> None:
        await self.ears.message(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        await self.ears.edited(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self.ears.deleted([payload.message_id], payload.channel_id, payload.guild_id, bulk=False)

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self.ears.deleted(sorted(payload.message_ids), payload.channel_id, payload.guild_id, bulk=True)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self.ears.thread_deleted(payload.thread_id, payload.parent_id, payload.guild_id)

    async def on_interaction(self, interaction: "discord.Interaction[Any]") -> None:
        await self.ears.interaction(interaction)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """What one event led to ends nothing else."""
        if not self.is_closed():  # what is cut short by the end is no fault
            log.exception("Discord's %s could not be handled", event_method.removeprefix("on_"))


_USUAL: dict[str, dict[str, Any]] = {
    "READY": {"shard": [0, 1]},
    "INTERACTION_CREATE": {"attachment_size_limit": 10 * 1024 * 1024, "version": 1},
}
"""What the library must find, and compatible servers may leave out."""


def _guarded(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def parsed(data: Any) -> Any:
        if isinstance(data, dict):
            for field, usual in _USUAL.get(name, {}).items():
                data.setdefault(field, usual)
        try:
            return parse(data)
        except Exception:  # whatever a malformed event makes of the library's parser
            log.exception("An event of Discord could not be read: %s", name)

    return parsed
