"""Talk: messages of a chat export as lines with speakers, grouped where the conversation pauses.

Knows nothing of any export's format. LangChain's SlackDirectoryLoader and DiscordChatLoader give one document a
message, without names, threads or order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.draft import Block

_PAUSE = 3600.0  # seconds of silence after which people talk of something else


@dataclass(frozen=True, slots=True)
class Message:
    """``at`` is seconds since 1970, ``place`` the channel and, if any, the thread it stands in."""

    speaker: str
    text: str
    at: float
    place: tuple[str, ...]


def conversations(messages: Iterable[Message]) -> Iterator[Block]:
    """A message a block, "Name: text"; a pause or another place begins another group."""
    group = 0
    last: Message | None = None
    for message in messages:
        text = clean(message.text)
        if not text:
            continue
        if last and (last.place != message.place or message.at - last.at > _PAUSE):
            group += 1
        last = message
        speaker = line(message.speaker, 80)
        said = f"{speaker}: {text}" if speaker else text
        yield Block(said, message.place, speaker=speaker, date=when(message.at), group=group)


def when(at: float) -> str:
    """ISO 8601 in UTC; "" for a time that cannot be."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def seconds(stamp: object) -> float:
    """Seconds since 1970 of an ISO 8601 text or a number; 0.0 when it is neither."""
    try:
        if isinstance(stamp, str) and "T" in stamp:
            moment = datetime.fromisoformat(stamp)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return float(stamp) if isinstance(stamp, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0.0
