"""The ledger's tables, and the three column types that make SQLite and PostgreSQL agree.

Knows nothing of engines, transactions or what the records mean. A change here needs a migration in
`memory/migrations/versions`; a test compares the two.

Canon versions, decisions, changes of turns and moves of a head are only ever added to. A turn's words that
are edited stay beside it as what they were; a take's text is written until it ends. Recaps go when what they
tell changes, sources when they are forgotten. What is overwritten besides is small and derived or pointing:
heads, chosen takes, a version's standing, a thread's title.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from memory.text import clean


class Words(TypeDecorator[str]):
    """Text, cleaned on its way in. Identifiers too: what a platform sends as one is text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Json(TypeDecorator[Any]):
    """JSON kept as text: PostgreSQL's own type refuses NUL, which receipts may quote."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else clean(json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Unread(Mapping[str, Any]):
    """A JSON object that is read when somebody looks into it: a turn's window brings twelve, and nobody does."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _read(self) -> Mapping[str, Any]:
        read: Mapping[str, Any] = json.loads(self._text)
        return read

    def __getitem__(self, key: str) -> Any:
        return self._read[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)

    def __repr__(self) -> str:
        return repr(self._read)


class JsonUnread(Json):
    """A JSON object that may be large and is seldom looked into."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else Unread(value)


class Moment(TypeDecorator[datetime]):
    """A point in time, aware and in UTC on both sides; SQLite drops the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


_Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _words(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


def _moment(name: str) -> Column[datetime]:
    return Column(name, Moment, nullable=False)


def _integer(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _to(name: str, target: str, *, null: bool = False, primary: bool = False) -> Column[str]:
    return Column(name, Words, ForeignKey(target), nullable=null, primary_key=primary)


shows = Table(
    "shows",
    metadata,
    Column("id", Words, primary_key=True),
    _words("tenant"),
    _words("name"),
    _words("folded"),
    _words("brief"),
    _words("style"),
    _integer("canon_version"),
    _moment("created"),
    UniqueConstraint("tenant", "folded"),
)

rooms = Table(
    "rooms",
    metadata,
    Column("platform", Words, primary_key=True),
    Column("tenant", Words, primary_key=True),
    Column("room", Words, primary_key=True),
    _to("show", "shows.id", null=True),
    _words("format"),
    _words("note"),
    Column("deciders", Json),  # who may change canon; NULL: everyone
)

threads = Table(
    "threads",
    metadata,
    Column("id", Words, primary_key=True),
    _words("platform"),
    _words("tenant"),
    _words("room"),
    _words("key"),
    _to("show", "shows.id"),
    _words("title"),
    _words("format"),
    _words("note"),
    _words("branch"),
    Column("head", Words),  # turns.id; a constraint here and in turns would be a circle
    _moment("created"),
    _moment("touched"),
    UniqueConstraint("platform", "tenant", "room", "key"),
    Index(None, "platform", "tenant", "room", "touched"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Words, primary_key=True),
    _to("thread", "threads.id"),
    _words("platform"),
    _words("tenant"),
    Column("event", Words),  # NULL where the surface has no name for the event
    _to("parent", "turns.id", null=True),
    _integer("depth"),
    _words("branch"),
    _words("author"),
    _words("text"),
    _words("format"),
    Column("chosen", Words),  # takes.id
    _moment("created"),
    UniqueConstraint("platform", "tenant", "event"),
    Index(None, "thread", "depth"),
)

# The way from a thread's first turn to its head, spelled out, so that reading its end, asking
# whether a turn is on it and finding its recap cost the same in a long thread as in a short one.
# Derived: turns.parent, followed from threads.head, says the same but for what was forgotten.
path = Table(
    "path",
    metadata,
    _to("thread", "threads.id", primary=True),
    Column("depth", Integer, primary_key=True, autoincrement=False),
    _to("turn", "turns.id"),
    UniqueConstraint("turn"),
)

head_moves = Table(
    "head_moves",
    metadata,
    Column("number", _Number, primary_key=True),
    _to("thread", "threads.id"),
    _words("why"),
    _to("turn", "turns.id"),
    _to("head", "turns.id", null=True),
    _moment("moved"),
    Index(None, "thread", "number"),
    sqlite_autoincrement=True,
)

takes = Table(
    "takes",
    metadata,
    Column("id", Words, primary_key=True),
    _to("turn", "turns.id"),
    _integer("number"),
    _words("text"),
    _words("status"),
    _words("reason"),
    _words("writer"),
    _words("steer"),
    Column("receipts", JsonUnread, nullable=False),
    _moment("created"),
    Column("ended", Moment),
    UniqueConstraint("turn", "number"),
    Index(None, "status"),
)

recaps = Table(
    "recaps",
    metadata,
    Column("number", _Number, primary_key=True),
    _to("thread", "threads.id"),
    _to("turn", "turns.id"),
    _integer("upto"),
    _words("text"),
    _moment("created"),
    Index(None, "thread", "upto"),
    sqlite_autoincrement=True,
)

entries = Table(
    "entries",
    metadata,
    Column("id", Words, primary_key=True),
    _to("show", "shows.id"),
    _words("kind"),
    _words("folded"),
    _integer("newest"),
    Column("in_force", Integer),  # the accepted version, NULL while there is none
    UniqueConstraint("show", "kind", "folded"),
)

entry_versions = Table(
    "entry_versions",
    metadata,
    _to("entry", "entries.id", primary=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _words("kind"),
    _words("name"),
    _words("text"),
    Column("aliases", Json, nullable=False),
    Column("tags", Json, nullable=False),
    _words("starts"),
    _words("ends"),
    _words("origin"),
    _words("status"),
    _words("who"),
    _moment("created"),
    Index(None, "origin"),
)

entry_names = Table(
    "entry_names",
    metadata,
    Column("entry", Words, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("folded", Words, primary_key=True),
    _to("show", "shows.id"),
    ForeignKeyConstraint(["entry", "version"], ["entry_versions.entry", "entry_versions.version"]),
    Index(None, "show", "folded"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("number", _Number, primary_key=True),
    _words("entry"),
    _integer("version"),
    _words("who"),
    _words("verdict"),
    _words("why"),
    _words("place"),
    _moment("decided"),
    ForeignKeyConstraint(["entry", "version"], ["entry_versions.entry", "entry_versions.version"]),
    Index(None, "entry", "number"),
    sqlite_autoincrement=True,
)

sources = Table(
    "sources",
    metadata,
    Column("id", Words, primary_key=True),
    _to("show", "shows.id"),
    _words("title"),
    _words("folded"),
    _words("uri"),
    _words("media"),
    _words("digest"),
    _words("licence"),
    _integer("pieces"),
    _moment("learned"),
    UniqueConstraint("show", "uri"),
)

pieces = Table(
    "pieces",
    metadata,
    _to("source", "sources.id", primary=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _words("text"),
    Column("path", Json, nullable=False),
    Column("page", Integer),
    _words("speaker"),
    _words("date"),
)

# What a person changed in what they had said: the words before an edit, or that they took it back.
turn_changes = Table(
    "turn_changes",
    metadata,
    Column("number", _Number, primary_key=True),
    _to("turn", "turns.id"),
    _words("what"),
    _words("before"),
    _words("who"),
    _moment("changed"),
    Index(None, "turn", "what"),
    sqlite_autoincrement=True,
)

ratings = Table(
    "ratings",
    metadata,
    Column("number", _Number, primary_key=True),
    _to("turn", "turns.id"),
    _to("take", "takes.id", null=True),
    _words("who"),
    _integer("verdict"),
    _moment("rated"),
    Index(None, "turn", "number"),
    sqlite_autoincrement=True,
)

# What a room ("person" is "") or a person ("room" is "") wants of every page.
preferences = Table(
    "preferences",
    metadata,
    Column("id", Words, primary_key=True),
    _words("platform"),
    _words("tenant"),
    _words("room"),
    _words("person"),
    _words("text"),
    _words("folded"),
    _words("status"),
    _words("who"),
    _words("origin"),
    _moment("created"),
    Index(None, "platform", "tenant", "room", "person"),
)

# What came in. "event" and "message" are the two names under which a platform may deliver it again.
inbox = Table(
    "inbox",
    metadata,
    Column("number", _Number, primary_key=True),
    _words("platform"),
    _words("tenant"),
    _words("room"),
    _words("thread"),
    _words("event"),
    Column("message", Words),  # NULL for what is no message
    _words("kind"),
    _words("author"),
    _words("text"),
    _words("name"),
    Column("given", Json, nullable=False),
    _words("target"),
    Column("files", Json, nullable=False),
    Column("sent", Moment),
    _words("state"),
    Column("head", _Number),
    _integer("attempts"),
    _integer("sending"),
    Column("ids", Json, nullable=False),
    _words("reason"),
    _moment("received"),
    Column("take", Words),  # takes.id of the page this was answered with
    UniqueConstraint("platform", "tenant", "event"),
    UniqueConstraint("platform", "tenant", "room", "message"),
    Index(None, "platform", "state"),
    Index(None, "platform", "tenant", "room", "thread"),
    Index(None, "head"),
    sqlite_autoincrement=True,
)

# Who works in a thread. A row stays when its lease is over, so that its fence only grows.
leases = Table(
    "leases",
    metadata,
    Column("platform", Words, primary_key=True),
    Column("tenant", Words, primary_key=True),
    Column("room", Words, primary_key=True),
    Column("thread", Words, primary_key=True),
    _words("holder"),
    _integer("fence"),
    _moment("until"),
    _integer("halt"),
)

# AUTOINCREMENT: a number that was worked off must never name a later job.
outbox = Table(
    "outbox",
    metadata,
    Column("number", _Number, primary_key=True),
    _words("record"),
    _words("ref"),
    Index(None, "record", "ref"),
    sqlite_autoincrement=True,
)
