"""Letters: an inbound event as the ledger keeps it, and back. Pure functions.

What is opaque to us (tokens, bytes) is not kept. Knows nothing of queues.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.events import File, Inbound
from memory import Kept, Letter


def who(event: Inbound) -> str:
    """The person: the platform's id where there is one, else the name."""
    return event.who or event.author


def joined(events: Sequence[Inbound]) -> Inbound:
    """Several messages of one person as one; the first gives its name to all."""
    text = "\n".join(event.text for event in events if event.text)
    files = tuple(file for event in events for file in event.files)
    return replace(events[0], text=text, files=files)


def letter(event: Inbound) -> Letter:
    return Letter(
        kind=event.kind,
        event=event.event_id,
        scope=event.scope,
        author=who(event),
        text=event.text,
        name=event.name,
        values=event.values,
        target=event.target,
        message=event.message,
        files=tuple((file.name, file.url or file.path, file.media) for file in event.files),
        sent=event.sent,
    )


def inbound(kept: Letter) -> Inbound:
    return Inbound(
        kind=kept.kind,  # type: ignore[arg-type]  # as it was put
        event_id=kept.event,
        scope=kept.scope,
        author=kept.author,
        text=kept.text,
        name=kept.name,
        values=kept.values,
        target=kept.target,
        files=tuple(File(name, url=where, media=media) for name, where, media in kept.files),
        who=kept.author,
        message=kept.message,
        sent=kept.sent,
    )


def said_now(kept: Sequence[Kept]) -> Inbound | None:
    """What letters that are answered together say as they are now; None when all of it was taken back."""
    left = [inbound(one.letter) for one in kept if one.letter.kind != "deleted"]
    return replace(joined(left), event_id=kept[0].letter.event) if left else None


def said_again(kept: Sequence[Kept]) -> str:
    """The words of messages that were answered together; "" where there are none."""
    return "\n".join(one.letter.text for one in kept if one.letter.kind == "message" and one.letter.text)


def changed(before: Sequence[Kept], after: Sequence[Kept]) -> bool:
    return [(one.number, one.letter) for one in before] != [(one.number, one.letter) for one in after]
