"""Slack exports: a zip of users.json, channels.json and a folder a channel with a JSON file a day."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import unescape
from posixpath import basename, dirname
from typing import Any

from vectorstore.errors import Refused
from vectorstore.ingest.archive import Archive
from vectorstore.ingest.clean import line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Draft
from vectorstore.ingest.loaders.records import parse
from vectorstore.ingest.loaders.talk import Message, conversations, seconds

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_MENTION = re.compile(r"<([@#!])([^<>|\n]{1,60})(?:\|([^<>\n]{0,120}))?>")
_LINK = re.compile(r"<(https?://|mailto:)([^<>|\n]{1,500})(?:\|([^<>\n]{0,200}))?>")
# Subtypes in which a person (or a bot) says something; the rest is "has joined the channel".
_SAID = frozenset(
    {"", "bot_message", "me_message", "thread_broadcast", "file_share", "file_comment", "reply_broadcast"}
)


def load(data: bytes, limits: Limits) -> Draft:
    archive = Archive(data, limits)
    days = sorted(name for name in archive.names if _DAY.fullmatch(basename(name)) and dirname(name))
    if not days:
        raise Refused("the zip is no Slack export; unpack it and learn the folder instead")
    names = _people(archive)
    remarks: list[str] = []
    channels: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for day in days:
        try:
            found = parse(archive.read(day))
        except Refused as error:
            remarks.append(f"{day[:80]} was left out: {error}")
            continue
        channels[basename(dirname(day))].extend(_said(found))
    messages = (message for channel, said in sorted(channels.items()) for message in _channel(channel, said, names))
    blocks = tuple(conversations(messages))
    if not blocks:
        raise Refused("the Slack export holds no messages")
    return Draft(blocks, meta={"channels": sorted(channels)[:500]}, remarks=tuple(remarks))


def _people(archive: Archive) -> dict[str, str]:
    """Display names by user id."""
    names: dict[str, str] = {}
    for name in archive.names:
        if basename(name) != "users.json":
            continue
        users = parse(archive.read(name))
        for user in users if isinstance(users, list) else []:
            if isinstance(user, dict):
                inner = user.get("profile")
                profile = inner if isinstance(inner, dict) else {}
                found = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
                names[str(user.get("id"))] = line(str(next(filter(None, found), user.get("id"))), 80)
    return names


def _said(found: object) -> Iterator[Mapping[str, Any]]:
    for each in found if isinstance(found, list) else []:
        if isinstance(each, dict) and each.get("text") and str(each.get("subtype") or "") in _SAID:
            yield each


def _channel(channel: str, said: list[Mapping[str, Any]], names: Mapping[str, str]) -> Iterator[Message]:
    """The channel's own messages in order of time, then each thread with its first message."""
    flow: list[Message] = []
    threads: dict[str, list[Message]] = defaultdict(list)
    replied = {
        str(each.get("thread_ts")) for each in said if each.get("thread_ts") and each.get("thread_ts") != each.get("ts")
    }
    for each in sorted(said, key=lambda one: seconds(one.get("ts"))):
        thread = str(each.get("thread_ts") or each.get("ts") or "")
        message = Message(
            _speaker(each, names), plain(str(each["text"]), names), seconds(each.get("ts")), (f"#{channel}",)
        )
        (threads[thread] if thread in replied else flow).append(message)
    yield from flow
    for thread in sorted(threads, key=seconds):
        place = (f"#{channel}", line(threads[thread][0].text, 60))
        yield from (Message(one.speaker, one.text, one.at, place) for one in threads[thread])


def _speaker(message: Mapping[str, Any], names: Mapping[str, str]) -> str:
    user = str(message.get("user") or message.get("bot_id") or "")
    inner = message.get("user_profile")
    profile = inner if isinstance(inner, dict) else {}
    return str(
        names.get(user) or profile.get("display_name") or profile.get("real_name") or message.get("username") or user
    )


def plain(text: str, names: Mapping[str, str]) -> str:
    """Slack's markup as a person sees it: mentions by name, links by label and address."""

    def mention(match: re.Match[str]) -> str:
        sign, ref, label = match.groups()
        if sign == "@":
            return "@" + (names.get(ref) or label or ref)
        return ("#" if sign == "#" else "@") + (label or ref.split("^")[0]).lstrip("@")

    def link(match: re.Match[str]) -> str:
        scheme, rest, label = match.groups()
        address = rest if scheme == "mailto:" else scheme + rest
        return f"{label} ({address})" if label and label not in address else address

    return unescape(_LINK.sub(link, _MENTION.sub(mention, text)))
