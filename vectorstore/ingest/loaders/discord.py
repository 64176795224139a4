"""DiscordChatExporter's JSON: one channel's messages, with replies named."""

from collections.abc import Iterator, Mapping
from typing import Any

from vectorstore.errors import Refused
from vectorstore.ingest.clean import line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Draft
from vectorstore.ingest.loaders.records import parse
from vectorstore.ingest.loaders.talk import Message, conversations, seconds

# The exporter's names for messages that people write; others are joins, pins, boosts.
_SAID = frozenset({"Default", "Reply", "0", "19", "", "ApplicationCommand", "ThreadStarterMessage"})


def load(data: bytes, limits: Limits) -> Draft:
    export = parse(data)
    if not is_export(export):
        raise Refused("it is no DiscordChatExporter JSON")
    assert isinstance(export, dict)
    guild, channel = (_named(export.get(key)) for key in ("guild", "channel"))
    blocks = tuple(conversations(_messages(export["messages"], (f"#{channel}",))))
    if not blocks:
        raise Refused("the Discord export holds no messages")
    return Draft(blocks, title=line(f"{guild} #{channel}"), meta={"guild": guild, "channel": channel})


def is_export(value: object) -> bool:
    """Whether parsed JSON has the exporter's shape."""
    return (
        isinstance(value, dict) and isinstance(value.get("messages"), list) and "channel" in value and "guild" in value
    )


def _named(value: object) -> str:
    return line(str(value.get("name") or "")) if isinstance(value, dict) else ""


def _messages(found: list[object], place: tuple[str, ...]) -> Iterator[Message]:
    said = [each for each in found if isinstance(each, dict) and str(each.get("type", "")) in _SAID]
    speakers = {str(each.get("id")): _speaker(each) for each in said}
    last = ""
    for each in sorted(said, key=lambda one: seconds(one.get("timestamp"))):
        text = _text(each)
        if not text:
            continue
        reference = each.get("reference")
        ref = str(reference.get("messageId") or "") if isinstance(reference, dict) else ""
        if ref in speakers and ref != last:
            text = f"(to {speakers[ref]}) {text}"
        last = str(each.get("id"))
        yield Message(_speaker(each), text, seconds(each.get("timestamp")), place)


def _text(message: Mapping[str, Any]) -> str:
    files = message.get("attachments")
    named = (
        [str(each.get("fileName") or "") for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    )
    return " ".join(filter(None, (str(message.get("content") or ""), *(f"[{name}]" for name in named if name))))


def _speaker(message: Mapping[str, Any]) -> str:
    author = message.get("author")
    return str(author.get("nickname") or author.get("name") or "") if isinstance(author, dict) else ""
