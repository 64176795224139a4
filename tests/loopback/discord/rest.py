"""The REST API's calls, version 10, each with the checks of the real one and answered in its words.

Knows nothing of sockets, tokens or rate limits: a call gets what was asked and gives the answer's body.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.loopback.discord import rules, wire
from tests.loopback.discord.faults import Limits
from tests.loopback.discord.news import News
from tests.loopback.discord.rules import Refused, bad, need
from tests.loopback.discord.wire import Json, Sight
from tests.loopback.discord.world import (
    DM,
    EPHEMERAL,
    FORUM,
    HAS_THREAD,
    NEWS,
    PUBLIC_THREAD,
    TEXT,
    Attachment,
    Channel,
    Guild,
    Message,
    User,
    World,
    new_id,
)

DURATIONS = (60, 1440, 4320, 10080)


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


# -- finding things --


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


# -- messages --


def file_limit(channel: Channel) -> int:
    return channel.guild.file_limit if channel.guild else 10 * 1024 * 1024


def attach(call: Call, channel: Channel, given: Json, kept: list[Attachment]) -> list[Attachment]:
    """The attachments a message then has: new files, and of the old ones those that are named."""
    if any(len(one.data) > file_limit(channel) for one in call.files):
        raise Refused(413, 40005, "Request entity too large")
    if len(call.files) > 10:
        raise bad("attachments", "Must be 10 or fewer in length.")
    listed = given.get("attachments")
    if listed is not None:
        names = {str(one["id"]) for one in listed}
        kept = [one for one in kept if str(one.id) in names]
        for number, file in enumerate(call.files):
            named = next((one for one in listed if str(one["id"]) == str(number)), {})
            file.name = named.get("filename") or file.name
    for file in call.files:
        call.world.attachments[file.id] = file
    return kept + call.files


def put_in(call: Call, message: Message, given: Json) -> None:
    """Content, embeds, components, files and whom it pings, from a body that was checked. Blanks at the
    ends of a text are not kept."""
    channel = message.channel
    message.attachments = attach(call, channel, given, message.attachments)
    if "content" in given:
        message.content = (given["content"] or "").strip()
    if given.get("embeds") is not None:
        message.embeds = given["embeds"]
    if given.get("components") is not None:
        message.components = given["components"]
    people, roles, everyone = rules.mentioned(call.world, channel, message.content)
    message.mentions, message.mention_roles, message.mention_everyone = people, roles, everyone
    message.pings += rules.pings(call.world, message, given.get("allowed_mentions"))
    message.record()


def place(channel: Channel, message: Message) -> None:
    channel.ever.append(message)
    if not message.flags & EPHEMERAL:
        channel.messages[message.id] = message


def send(call: Call) -> Json:
    channel = channel_of(call)
    if channel.kind == FORUM:
        raise Refused(400, 50008, "Cannot send messages in a non-text channel")
    rules.may_write(channel, call.world.me)
    given = call.body or {}
    rules.check_message(given, files=bool(call.files))
    if call.files:
        need(channel, call.world.me, "ATTACH_FILES")
    if known := _same_nonce(call, channel, given):
        return call.show(known)
    message = Message(new_id(), channel, call.world.me, nonce=str(given.get("nonce") or ""))
    message.flags = given.get("flags", 0) & ~EPHEMERAL
    _refer(call, channel, message, given.get("message_reference"))
    put_in(call, message, given)
    if channel.archived:
        channel.archived = False
        call.news.channel("THREAD_UPDATE", channel)
    place(channel, message)
    call.news.message("MESSAGE_CREATE", message)
    return call.show(message)


def _same_nonce(call: Call, channel: Channel, given: Json) -> Message | None:
    """What was already sent under this nonce in the last minutes."""
    if not given.get("enforce_nonce") or not given.get("nonce"):
        return None
    sent = [one for one in channel.by(call.world.me) if one.nonce == str(given["nonce"])]
    fresh = [one for one in sent if time.monotonic() - one.history[0].at < call.limits.nonce_life]
    return fresh[-1] if fresh else None


def _refer(call: Call, channel: Channel, message: Message, reference: Json | None) -> None:
    if not reference:
        return
    need(channel, call.world.me, "READ_MESSAGE_HISTORY")
    target = channel.messages.get(int(reference.get("message_id", 0)))
    if target is None:
        if reference.get("fail_if_not_exists", True):
            raise bad("message_reference", "Unknown message")
        return
    message.reply_to, message.type = target, 19


def edit(call: Call) -> Json:
    channel, message = message_of(call)
    if message.author is not call.world.me:
        raise Refused(403, 50005, "Cannot edit a message authored by another user")
    return change(call, channel, message)


def change(call: Call, channel: Channel, message: Message, *, quiet: bool = False) -> Json:
    """An edit of a message of ours; ``quiet`` when it fills in one that was only announced."""
    if channel.archived:
        raise rules.ARCHIVED
    given = call.body or {}
    rules.check_message(given, files=bool(call.files), new=False)
    content = (given.get("content", message.content) or "").strip()
    left = given.get("attachments") if given.get("attachments") is not None else message.attachments
    embeds = message.embeds if given.get("embeds") is None else given["embeds"]
    components = message.components if given.get("components") is None else given["components"]
    if not (content or embeds or components or left or call.files):
        raise Refused(400, 50006, "Cannot send an empty message")
    message.edited = None if quiet else time.time()
    put_in(call, message, given)
    call.news.message("MESSAGE_UPDATE", message)
    return call.show(message)


def delete(call: Call) -> None:
    channel, message = message_of(call)
    if message.author is not call.world.me:
        need(channel, call.world.me, "MANAGE_MESSAGES")
    remove(call.news, [message])


def delete_many(call: Call) -> None:
    channel = channel_of(call)
    need(channel, call.world.me, "MANAGE_MESSAGES")
    wanted = [int(one) for one in call.body.get("messages", [])]
    if not 2 <= len(wanted) <= 100:
        raise bad("messages", "Must be between 2 and 100 in length.")
    found = [channel.messages[one] for one in wanted if one in channel.messages]
    if found:
        remove(call.news, found)


def remove(news: News, messages: list[Message]) -> None:
    for one in messages:
        one.deleted = time.monotonic()
        one.channel.messages.pop(one.id, None)
    if not messages[0].flags & EPHEMERAL:
        news.deleted(messages)


def get_message(call: Call) -> Json:
    channel, message = message_of(call)
    need(channel, call.world.me, "READ_MESSAGE_HISTORY")
    return call.show(message)


def list_messages(call: Call) -> list[Json]:
    """Newest first, as the real one; after ``after`` the oldest ones first chosen."""
    channel = channel_of(call)
    if channel.guild and not channel.guild.may(call.world.me, channel, "READ_MESSAGE_HISTORY"):
        return []
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise bad("limit", "int value should be between 1 and 100.")
    found = sorted(channel.messages.values(), key=lambda one: one.id)
    if after := call.query.get("after"):
        found = [one for one in found if one.id > int(after)][:limit]
    elif before := call.query.get("before"):
        found = [one for one in found if one.id < int(before)][-limit:]
    return [call.show(one) for one in reversed(found[-limit:])]


def react(call: Call) -> None:
    channel, _ = message_of(call)
    need(channel, call.world.me, "ADD_REACTIONS", "READ_MESSAGE_HISTORY")


def typing(call: Call) -> None:
    channel = channel_of(call)
    rules.may_write(channel, call.world.me)
    channel.typing.append(time.monotonic())


# -- channels and threads --


def get_channel(call: Call) -> Json:
    return wire.channel(channel_of(call))


def change_channel(call: Call) -> Json:
    """Only what threads need: name, archived, locked. Whoever may write in a thread that is not locked may wake it."""
    channel = channel_of(call)
    if not channel.is_thread:
        raise rules.MISSING_PERMISSIONS
    given = {name: value for name, value in (call.body or {}).items() if value is not None}
    if set(given) == {"archived"} and not given["archived"] and not channel.locked:
        need(channel, call.world.me, "SEND_MESSAGES_IN_THREADS")
    elif channel.owner is not call.world.me or "locked" in given:
        need(channel, call.world.me, "MANAGE_THREADS")
    if channel.archived and given.get("archived", True):
        raise rules.ARCHIVED
    channel.name = given.get("name", channel.name)
    channel.archived = given.get("archived", channel.archived)
    channel.locked = given.get("locked", channel.locked)
    call.news.channel("THREAD_UPDATE", channel)
    return wire.channel(channel)


def make_thread(
    world: World, parent: Channel, name: str, owner: User, snowflake: int, *, joined: bool = False
) -> Channel:
    thread = Channel(snowflake, name, PUBLIC_THREAD, parent.guild, parent=parent, owner=owner, joined=joined)
    assert parent.guild
    world.channels[thread.id] = parent.guild.channels[thread.id] = thread
    return thread


def begin_thread(world: World, news: News, message: Message, name: str, owner: User) -> Channel:
    """A thread on a message has its id; the thread begins with a pointer to it, and the message is marked."""
    joined = owner is world.me
    thread = make_thread(world, message.channel, name, owner, message.id, joined=joined)
    message.thread, message.flags = thread, message.flags | HAS_THREAD
    news.channel("THREAD_CREATE", thread, newly_created=True)
    pointer = Message(new_id(), thread, message.author, type=21, reply_to=message)
    pointer.record()
    place(thread, pointer)
    news.message("MESSAGE_CREATE", pointer)
    news.message("MESSAGE_UPDATE", message)
    return thread


def begin_bare_thread(world: World, news: News, parent: Channel, name: str, owner: User) -> Channel:
    """A thread on nothing; the channel tells that it began."""
    thread = make_thread(world, parent, name, owner, new_id(), joined=owner is world.me)
    news.channel("THREAD_CREATE", thread, newly_created=True)
    told = Message(new_id(), parent, owner, name, type=18, reply_channel=thread.id)
    told.record()
    place(parent, told)
    news.message("MESSAGE_CREATE", told)
    return thread


def _thread_name(call: Call) -> str:
    name = (call.body or {}).get("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 100:
        raise bad("name", "Must be between 1 and 100 in length.")
    if call.body.get("auto_archive_duration") not in (None, *DURATIONS):
        raise bad("auto_archive_duration", f"Value must be one of {DURATIONS}.")
    return name


def thread_on_message(call: Call) -> Json:
    channel, message = message_of(call)
    if channel.kind not in (TEXT, NEWS):
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    need(channel, call.world.me, "CREATE_PUBLIC_THREADS")
    name = _thread_name(call)
    if message.thread or message.type not in (0, 19, 20):
        code = (160004, "A thread has already been created for this message")
        raise Refused(400, *(code if message.thread else (50068, "Invalid message type")))
    return wire.channel(begin_thread(call.world, call.news, message, name, call.world.me))


def thread_in_channel(call: Call) -> Json:
    channel = channel_of(call)
    if channel.kind == FORUM:
        return _post(call, channel)
    if channel.kind not in (TEXT, NEWS):
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    need(channel, call.world.me, "CREATE_PUBLIC_THREADS")
    name = _thread_name(call)
    return wire.channel(begin_bare_thread(call.world, call.news, channel, name, call.world.me))


def _post(call: Call, channel: Channel) -> Json:
    need(channel, call.world.me, "SEND_MESSAGES")
    name, given = _thread_name(call), call.body.get("message")
    if not isinstance(given, dict):
        raise bad("message", "This field is required")
    rules.check_message(given, files=bool(call.files))
    thread = make_thread(call.world, channel, name, call.world.me, new_id(), joined=True)
    message = Message(thread.id, thread, call.world.me)
    put_in(call, message, given)
    call.news.channel("THREAD_CREATE", thread, newly_created=True)
    place(thread, message)
    call.news.message("MESSAGE_CREATE", message)
    return wire.channel(thread) | {"message": call.show(message)}


def join_thread(call: Call) -> None:
    channel = channel_of(call)
    if channel.archived:
        raise rules.ARCHIVED
    channel.joined = True


def leave_thread(call: Call) -> None:
    channel_of(call).joined = False


def active_threads(call: Call) -> Json:
    guild = guild_of(call)
    found = [one for one in guild.channels.values() if one.is_thread and not one.archived]
    seen = [one for one in found if guild.may(call.world.me, one, "VIEW_CHANNEL")]
    return {"threads": [wire.channel(one) for one in seen], "members": []}


def archived_threads(call: Call) -> Json:
    parent = channel_of(call)
    found = [one for one in call.world.channels.values() if one.parent is parent and one.archived]
    return {"threads": [wire.channel(one) for one in found], "members": [], "has_more": False}


# -- people and servers --


def me(call: Call) -> Json:
    return wire.user(call.world.me) | {"verified": True, "mfa_enabled": False, "email": None, "flags": 0}


def application(call: Call) -> Json:
    given: Json = {"id": str(call.world.me.id), "name": "dramaturg", "description": "", "icon": None, "flags": 0}
    given |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64}
    return given | {"owner": wire.user(User(1, "Owner")), "bot": wire.user(call.world.me)}


def get_user(call: Call) -> Json:
    found = call.world.users.get(int(call.ids["user"]))
    if found is None:
        raise Refused(404, 10013, "Unknown User")
    return wire.user(found)


def open_dm(call: Call) -> Json:
    person = call.world.users.get(int((call.body or {}).get("recipient_id") or 0))
    if person is None:
        raise Refused(400, 50033, "Invalid Recipient(s)")
    return wire.channel(dm_with(call.world, person))


def dm_with(world: World, person: User) -> Channel:
    for one in world.channels.values():
        if one.kind == DM and one.recipient is person:
            return one
    made = Channel(new_id(), "", DM, recipient=person)
    world.channels[made.id] = made
    return made


def my_guilds(call: Call) -> list[Json]:
    every = [one for one in call.world.guilds.values() if one.here]
    return [{"id": str(one.id), "name": one.name, "icon": None, "owner": False, "features": []} for one in every]


def get_guild(call: Call) -> Json:
    return wire.guild(guild_of(call))


def guild_channels(call: Call) -> list[Json]:
    return [wire.channel(one) for one in guild_of(call).channels.values() if not one.is_thread]


def guild_roles(call: Call) -> list[Json]:
    return [wire.role(one) for one in guild_of(call).roles.values()]


def get_member(call: Call) -> Json:
    guild = guild_of(call)
    asked = int(call.ids["user"])
    if asked not in guild.members:
        raise Refused(404, 10007, "Unknown Member")
    return wire.member(guild, guild.users[asked])


def list_members(call: Call) -> list[Json]:
    guild = guild_of(call)
    return [wire.member(guild, guild.users[one]) for one in guild.members]


# -- slash commands --


def _table(call: Call) -> int | None:
    if int(call.ids["app"]) != call.world.me.id:
        raise Refused(403, 20012, "You are not authorized to perform this action on this application")
    return guild_of(call).id if "guild" in call.ids else None


def list_commands(call: Call) -> list[Json]:
    return call.world.commands.get(_table(call), [])


def set_commands(call: Call) -> list[Json]:
    table = _table(call)
    if not isinstance(call.body, list):
        raise bad("_", "Only iterables may be used in a ListType")
    rules.check_commands(call.body)
    ids = {one["name"]: one["id"] for one in call.world.commands.get(table, [])}
    call.world.commands[table] = [_registered(call, one, table, ids) for one in call.body]
    return call.world.commands[table]


def _registered(call: Call, one: Json, table: int | None, ids: dict[str, str]) -> Json:
    fixed: Json = {"id": ids.get(one["name"]) or str(new_id()), "application_id": str(call.world.me.id)}
    fixed |= {"version": str(new_id()), "type": one.get("type", 1), "default_member_permissions": None, "nsfw": False}
    fixed |= {"dm_permission": True, "contexts": None, "integration_types": [0]}
    return fixed | one | ({"guild_id": str(table)} if table else {})


CALLS: dict[str, Callable[[Call], Any]] = {
    "GET /users/@me": me,
    "GET /users/@me/guilds": my_guilds,
    "POST /users/@me/channels": open_dm,
    "GET /users/{user}": get_user,
    "GET /oauth2/applications/@me": application,
    "GET /applications/@me": application,
    "GET /applications/{app}/commands": list_commands,
    "PUT /applications/{app}/commands": set_commands,
    "GET /applications/{app}/guilds/{guild}/commands": list_commands,
    "PUT /applications/{app}/guilds/{guild}/commands": set_commands,
    "GET /guilds/{guild}": get_guild,
    "GET /guilds/{guild}/channels": guild_channels,
    "GET /guilds/{guild}/roles": guild_roles,
    "GET /guilds/{guild}/members": list_members,
    "GET /guilds/{guild}/members/{user}": get_member,
    "GET /guilds/{guild}/threads/active": active_threads,
    "GET /channels/{channel}": get_channel,
    "PATCH /channels/{channel}": change_channel,
    "GET /channels/{channel}/messages": list_messages,
    "POST /channels/{channel}/messages": send,
    "POST /channels/{channel}/messages/bulk-delete": delete_many,
    "GET /channels/{channel}/messages/{message}": get_message,
    "PATCH /channels/{channel}/messages/{message}": edit,
    "DELETE /channels/{channel}/messages/{message}": delete,
    "PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me": react,
    "POST /channels/{channel}/messages/{message}/threads": thread_on_message,
    "POST /channels/{channel}/threads": thread_in_channel,
    "GET /channels/{channel}/threads/archived/public": archived_threads,
    "PUT /channels/{channel}/thread-members/@me": join_thread,
    "DELETE /channels/{channel}/thread-members/@me": leave_thread,
    "POST /channels/{channel}/typing": typing,
}
