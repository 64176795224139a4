"""Channels and threads as the REST API gives and begins them."""

from collections.abc import Callable
from typing import Any

from tests.loopback.discord import rules, wire
from tests.loopback.discord.call import Call, channel_of, guild_of, message_of
from tests.loopback.discord.messages import place, put_in
from tests.loopback.discord.news import News
from tests.loopback.discord.rules import Refused, bad, need
from tests.loopback.discord.wire import Json
from tests.loopback.discord.world import (
    FORUM,
    HAS_THREAD,
    NEWS,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    Message,
    User,
    World,
    new_id,
)

DURATIONS = (60, 1440, 4320, 10080)


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


CALLS: dict[str, Callable[[Call], Any]] = {
    "GET /guilds/{guild}/threads/active": active_threads,
    "GET /channels/{channel}": get_channel,
    "PATCH /channels/{channel}": change_channel,
    "POST /channels/{channel}/messages/{message}/threads": thread_on_message,
    "POST /channels/{channel}/threads": thread_in_channel,
    "GET /channels/{channel}/threads/archived/public": archived_threads,
    "PUT /channels/{channel}/thread-members/@me": join_thread,
    "DELETE /channels/{channel}/thread-members/@me": leave_thread,
}
