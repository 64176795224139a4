"""Passages of a record: how an entry, a source or a turn is cut into what can be found.

Pure functions from the ledger's nouns to the index's. Knows nothing of storage or search.
"""

from collections.abc import Iterable

from bot.receipts import editor, quoted
from chains import unmarked
from memory import Entry, Piece, Show, Source, Thread, Turn
from vectorstore import Origin, Passage
from vectorstore.ingest import split

BOT = "Dramaturg"


def of_entry(show: Show, entry: Entry) -> list[Passage]:
    """The passages of one version of a canon entry. Every one carries the entry's names."""
    return [
        Passage(
            tenant=show.tenant,
            show=show.id,
            origin=Origin.CANON,
            kind=entry.kind,
            record=entry.id,
            order=order,
            text=text,
            title=entry.name,
            status=entry.status.value,
            version=entry.version,
            names=(entry.name, *entry.aliases),
            date=entry.when.date().isoformat(),
        )
        for order, text in enumerate(_cut(entry.text))
    ]


def of_source(show: Show, source: Source, pieces: Iterable[Piece]) -> list[Passage]:
    """The passages of a learned document, as it was split when it was read."""
    return [
        Passage(
            tenant=show.tenant,
            show=show.id,
            origin=Origin.SOURCE,
            kind=source.media,
            record=source.id,
            order=piece.order,
            text=piece.text,
            title=source.title,
            status="learned",
            path=piece.path,
            page=piece.page,
            speaker=piece.speaker,
            date=piece.date,
        )
        for piece in pieces
    ]


def of_turn(show: Show, thread: Thread, turn: Turn) -> list[Passage]:
    """The passages of a turn: what the person said, then what was written, each with its speaker. What was quoted is
    found where it stands: here it would outlive what it was quoted from."""
    said = [(turn.author, text) for text in _cut(turn.text)]
    by = editor(turn.take.receipts) or BOT if turn.take else BOT
    written = [(by, text) for text in _cut(turn.take.text)] if turn.take and not quoted(turn.take) else []
    return [
        Passage(
            tenant=show.tenant,
            show=show.id,
            origin=Origin.TURN,
            kind="turn",
            record=turn.id,
            order=order,
            text=text,
            title=f"turn {turn.depth}, {speaker}",
            status="said",
            version=turn.take.number if turn.take else 0,
            thread=thread.id,
            branch=turn.branch,
            depth=turn.depth,
            speaker=speaker,
            date=turn.created.date().isoformat() if turn.created else "",
        )
        for order, (speaker, text) in enumerate([*said, *written])
    ]


def _cut(text: str) -> list[str]:
    return list(split(unmarked(text)))
