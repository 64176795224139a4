"""Messages as the REST API takes them: sent, edited, deleted, listed, each with the checks of the real one."""

import time
from collections.abc import Callable
from typing import Any

from tests.loopback.discord import rules
from tests.loopback.discord.call import Call, channel_of, message_of
from tests.loopback.discord.news import News
from tests.loopback.discord.rules import Refused, bad, need
from tests.loopback.discord.wire import Json
from tests.loopback.discord.world import EPHEMERAL, FORUM, Attachment, Channel, Message, new_id


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


CALLS: dict[str, Callable[[Call], Any]] = {
    "GET /channels/{channel}/messages": list_messages,
    "POST /channels/{channel}/messages": send,
    "POST /channels/{channel}/messages/bulk-delete": delete_many,
    "GET /channels/{channel}/messages/{message}": get_message,
    "PATCH /channels/{channel}/messages/{message}": edit,
    "DELETE /channels/{channel}/messages/{message}": delete,
    "PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me": react,
    "POST /channels/{channel}/typing": typing,
}
