"""What people do in the loopback's servers: say, edit, press, choose, fill in. Each tells the gateway.

Everything here returns at once; what the bot makes of it comes later.
"""

import secrets
import time
from typing import Any

from tests.loopback.discord import rules, wire
from tests.loopback.discord.answers import COMMAND, COMPLETION, COMPONENT, FORM
from tests.loopback.discord.gateway import Gateway
from tests.loopback.discord.guilds import dm_with
from tests.loopback.discord.messages import place, remove
from tests.loopback.discord.news import News
from tests.loopback.discord.threads import begin_bare_thread, begin_thread, make_thread
from tests.loopback.discord.wire import Json, Sight
from tests.loopback.discord.world import (
    FORUM,
    TEXT,
    USUAL,
    Attachment,
    Channel,
    Guild,
    Interaction,
    Message,
    Role,
    User,
    World,
    new_id,
)


class People:
    """All that happens in the loopback without the bot."""

    world: World
    gateway: Gateway
    news: News
    sight: Sight

    # -- places --

    def add_user(self, name: str) -> User:
        made = User(new_id(), name)
        self.world.users[made.id] = made
        return made

    def add_guild(self, name: str, *members: User, shard: int = 0, shards: int = 1) -> Guild:
        """A server that the bot is in; on the shard that is asked for."""
        snowflake = new_id()
        while (snowflake >> 22) % shards != shard:
            snowflake += 1 << 22
        everyone, own = Role(snowflake, "@everyone", USUAL), Role(new_id(), "dramaturg", bot=self.world.me.id)
        made = Guild(snowflake, name, members[0] if members else self.world.me, self.world.me, everyone, own)
        made.roles = {everyone.id: everyone, own.id: own}
        self.world.guilds[made.id] = made
        for one in (self.world.me, *members):
            made.users[one.id] = one
            made.members[one.id] = {own.id} if one is self.world.me else set()
        self.news.guild("GUILD_CREATE", made)
        return made

    def add_role(self, guild: Guild, name: str, *holders: User, mentionable: bool = False) -> Role:
        made = Role(new_id(), name, mentionable=mentionable)
        guild.roles[made.id] = made
        self.news.role(guild, made)
        for one in holders:
            guild.members[one.id].add(made.id)
        return made

    def add_channel(self, guild: Guild, name: str, kind: int = TEXT) -> Channel:
        made = Channel(new_id(), name, kind, guild)
        self.world.channels[made.id] = guild.channels[made.id] = made
        self.news.channel("CHANNEL_CREATE", made)
        return made

    def add_forum(self, guild: Guild, name: str) -> Channel:
        return self.add_channel(guild, name, FORUM)

    def remove_channel(self, channel: Channel) -> None:
        assert channel.guild
        self.news.channel("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", channel)
        del self.world.channels[channel.id], channel.guild.channels[channel.id]

    def throw_out(self, guild: Guild) -> None:
        """The bot is removed from a server."""
        guild.here = False
        self.news.guild("GUILD_DELETE", guild)

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived, thread.locked = True, locked
        self.news.channel("THREAD_UPDATE", thread)

    # -- messages --

    def say(
        self,
        channel: Channel,
        who: User,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        files: tuple[Attachment, ...] = (),
        ago: float = 0.0,
    ) -> Message:
        """A person writes; ``ping`` says whether a reply notifies whom it answers; ``ago`` how old it arrives."""
        said = self._message(channel, who, text, new_id(ago), files)
        if reply_to:
            said.reply_to, said.type = reply_to, 19
            if ping and reply_to.author not in said.mentions:
                said.mentions.append(reply_to.author)
        place(channel, said)
        if channel.archived:
            channel.archived = False
            self.news.channel("THREAD_UPDATE", channel)
        self.news.message("MESSAGE_CREATE", said)
        return said

    def mention(self, channel: Channel, who: User, text: str, **more: Any) -> Message:
        return self.say(channel, who, f"{self.world.me.mention} {text}", **more)

    def _message(
        self, channel: Channel, who: User, text: str, snowflake: int, files: tuple[Attachment, ...] = ()
    ) -> Message:
        made = Message(snowflake, channel, who, text, attachments=list(files))
        self._name(made)
        made.record()
        return made

    def _name(self, message: Message) -> None:
        found = rules.mentioned(self.world, message.channel, message.content)
        message.mentions, message.mention_roles, message.mention_everyone = found

    def edit(self, message: Message, text: str) -> None:
        message.content, message.edited = text, time.time()
        self._name(message)
        message.record()
        self.news.message("MESSAGE_UPDATE", message)

    def unfurl(self, message: Message, title: str = "A page") -> None:
        """A link gets its preview: an update that nobody wrote."""
        message.embeds = [*message.embeds, {"type": "link", "url": "https://example.org/", "title": title}]
        self.news.message("MESSAGE_UPDATE", message)

    def delete(self, *messages: Message) -> None:
        """One, or many at once."""
        remove(self.news, list(messages))

    def upload(self, name: str, data: bytes, media: str = "text/plain") -> Attachment:
        """A file for ``say(files=...)``."""
        made = Attachment(new_id(), name, data, media)
        self.world.attachments[made.id] = made
        return made

    def types(self, channel: Channel, who: User) -> None:
        self.news.typing(channel, who, time.time())

    # -- threads, posts, direct messages --

    def open_thread(self, message: Message, who: User, name: str) -> Channel:
        return begin_thread(self.world, self.news, message, name, who)

    def open_bare_thread(self, channel: Channel, who: User, name: str) -> Channel:
        return begin_bare_thread(self.world, self.news, channel, name, who)

    def forum_post(
        self, forum: Channel, who: User, title: str, text: str, *, files: tuple[Attachment, ...] = ()
    ) -> Channel:
        """A post is a thread whose first message has its id."""
        thread = make_thread(self.world, forum, title, who, new_id())
        self.news.channel("THREAD_CREATE", thread, newly_created=True)
        first = self._message(thread, who, text, thread.id, files)
        place(thread, first)
        self.news.message("MESSAGE_CREATE", first)
        return thread

    def open_dm(self, who: User) -> Channel:
        return dm_with(self.world, who)

    # -- interactions --

    def press(self, message: Message, label: str, who: User) -> Interaction:
        """A person presses a button by its words; one that is not there or greyed out cannot be pressed."""
        button = message.buttons[label]
        assert button["style"] != 5, f"{label!r} is a link"
        assert not button.get("disabled"), f"{label!r} cannot be pressed"
        data = {"custom_id": button["custom_id"], "component_type": 2, "id": button.get("id", 1)}
        return self._interact(COMPONENT, message.channel, who, data, source=message)

    def choose(self, message: Message, custom_id: str, values: list[str], who: User) -> Interaction:
        """A person picks from a select menu."""
        every = [one for row in message.components for one in row["components"]]
        menu = next(one for one in every if one.get("custom_id") == custom_id)
        data: Json = {"custom_id": custom_id, "component_type": menu["type"], "values": values}
        return self._interact(
            COMPONENT, message.channel, who, data | self._resolved(message.channel, values), source=message
        )

    def slash(self, channel: Channel, who: User, command: str, /, **options: Any) -> Interaction:
        """A person chooses a slash command ("story" or "canon keep"); Discord checks the options first."""
        return self._interact(COMMAND, channel, who, self._command(channel, command, options))

    def complete(self, channel: Channel, who: User, command: str, focused: str, /, **options: Any) -> Interaction:
        """A person types in the option ``focused`` of a command; the answer is ``choices``."""
        data = self._command(channel, command, options, focused)
        return self._interact(COMPLETION, channel, who, data)

    def submit(self, met: Interaction, values: dict[str, Any]) -> Interaction:
        """The form that ``met`` was answered with is sent off, by the one who got it. What a field does not take is refused."""
        assert met.modal, "there is no form to send off"
        rows = [self._filled(row, values, met.channel) for row in met.modal["components"] if row["type"] != 10]
        data: Json = {"custom_id": met.modal["custom_id"], "components": rows, "resolved": {}}
        return self._interact(FORM, met.channel, met.user, data, source=met.source)

    def _filled(self, row: Json, values: dict[str, Any], channel: Channel) -> Json:
        field = row["component"] if row["type"] == 18 else row["components"][0]
        name = field["custom_id"]
        if field["type"] == 4:
            value = values.get(name, field.get("value") or "")
            least, most = field.get("min_length") or 0, field.get("max_length") or 4000
            needed = field.get("required", True)
            assert len(value) <= most, f"{name} is too long"
            assert not value or len(value) >= least, f"{name} is too short"
            assert value or not needed, f"{name} must be filled in"
            filled: Json = {"type": 4, "custom_id": name, "value": value}
        else:
            given = values.get(name)
            chosen = [str(one) for one in given] if given is not None else _preset(field)
            assert chosen or not field.get("required", True), f"{name} must be chosen"
            filled = {"type": field["type"], "custom_id": name, "values": chosen}
        filled["id"] = field.get("id", 1)
        return {"type": 18, "id": 1, "component": filled} if row["type"] == 18 else {"type": 1, "components": [filled]}

    def _command(self, channel: Channel, command: str, options: Json, focused: str = "") -> Json:
        tables = [
            *(self.world.commands.get(channel.guild.id, []) if channel.guild else []),
            *self.world.commands.get(None, []),
        ]
        name, *inner = command.split()
        root = next((one for one in tables if one["name"] == name and one["type"] == 1), None)
        assert root, f"there is no command /{name}"
        node, path = root, []
        for part in inner:
            node = next(one for one in node["options"] if one["name"] == part and one["type"] in (1, 2))
            path.append(node)
        given = self._options(node, options, focused)
        for one in reversed(path):
            given = [{"type": one["type"], "name": one["name"], "options": given}]
        data: Json = {"id": root["id"], "name": name, "type": 1, "options": given}
        return data | self._resolved(channel, list(options.values()))

    def _options(self, node: Json, options: Json, focused: str) -> list[Json]:
        known = {one["name"]: one for one in node.get("options") or []}
        assert set(options) <= set(known), f"no such option among {sorted(options)}"
        if not focused:
            missing = [name for name, one in known.items() if one.get("required") and name not in options]
            assert not missing, f"these options are required: {missing}"
        given = []
        for name, value in options.items():
            if not focused and known[name].get("choices"):
                assert value in [choice["value"] for choice in known[name]["choices"]], f"{value} is no choice"
            plain = str(value.id) if isinstance(value, User | Role | Channel | Attachment) else value
            given.append({"type": known[name]["type"], "name": name, "value": plain})
            if name == focused:
                given[-1]["focused"] = True
        return given

    def _resolved(self, channel: Channel, values: list[Any]) -> Json:
        """What Discord tells about the people, roles, channels and files that were chosen."""
        found: dict[str, Json] = {}
        for one in values:
            thing = self._thing(one) if isinstance(one, str) and one.isdigit() else one
            match thing:
                case User():
                    found.setdefault("users", {})[str(thing.id)] = wire.user(thing)
                    if channel.guild and thing.id in channel.guild.members:
                        held = wire.member(channel.guild, thing, full=False) | {"permissions": str(USUAL)}
                        found.setdefault("members", {})[str(thing.id)] = held
                case Role():
                    found.setdefault("roles", {})[str(thing.id)] = wire.role(thing)
                case Channel():
                    found.setdefault("channels", {})[str(thing.id)] = wire.channel(thing) | {"permissions": str(USUAL)}
                case Attachment():
                    url = self.sight.url_of(channel, thing)
                    found.setdefault("attachments", {})[str(thing.id)] = wire.attachment(thing, url)
        return {"resolved": found} if found else {}

    def _thing(self, snowflake: str) -> Any:
        one = int(snowflake)
        roles = {held.id: held for guild in self.world.guilds.values() for held in guild.roles.values()}
        return self.world.users.get(one) or self.world.channels.get(one) or roles.get(one)

    def _interact(
        self, kind: int, channel: Channel, who: User, data: Json, *, source: Message | None = None
    ) -> Interaction:
        met = Interaction(new_id(), secrets.token_urlsafe(24), kind, who, channel, time.monotonic(), data, source)
        self.world.interactions[met.id] = met
        self.news.interaction(met, self._payload(met))
        return met

    def _payload(self, met: Interaction) -> Json:
        channel, guild, me = met.channel, met.channel.guild, str(self.world.me.id)
        payload: Json = {"id": str(met.id), "application_id": me, "type": met.kind, "token": met.token, "version": 1}
        payload |= {"data": met.data, "channel_id": str(channel.id), "locale": "en-US", "entitlements": []}
        payload |= {"attachment_size_limit": guild.file_limit if guild else 10 * 1024 * 1024}
        if met.source:
            payload["message"] = self.sight.message(met.source, content=True)
        if guild is None:
            payload |= {"user": wire.user(met.user), "context": 1, "authorizing_integration_owners": {"0": "0"}}
            return payload | {"channel": wire.channel(channel), "app_permissions": str(USUAL)}
        rights = {"permissions": str(guild.permissions(met.user, channel))}
        payload |= {"guild_id": str(guild.id), "guild_locale": "en-US", "context": 0}
        payload |= {"guild": {"id": str(guild.id), "locale": "en-US", "features": []}}
        payload |= {"authorizing_integration_owners": {"0": str(guild.id)}}
        payload |= {"app_permissions": str(guild.permissions(self.world.me, channel))}
        return payload | {"channel": wire.channel(channel) | rights, "member": wire.member(guild, met.user) | rights}


def _preset(field: Json) -> list[str]:
    """What a menu starts with."""
    if field["type"] == 3:
        return [one["value"] for one in field.get("options", []) if one.get("default")]
    return [str(one["id"]) for one in field.get("default_values", [])]
