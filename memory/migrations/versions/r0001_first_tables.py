"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_record_ref"), "outbox", ["record", "ref"], unique=False)
    op.create_table(
        "shows",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("canon_version", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shows")),
        sa.UniqueConstraint("tenant", "folded", name=op.f("uq_shows_tenant_folded")),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("show", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("in_force", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name=op.f("fk_entries_show")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("show", "kind", "folded", name=op.f("uq_entries_show_kind_folded")),
    )
    op.create_table(
        "rooms",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("show", sa.Text(), nullable=True),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name=op.f("fk_rooms_show")),
        sa.PrimaryKeyConstraint("platform", "tenant", "room", name=op.f("pk_rooms")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("show", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("learned", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name=op.f("fk_sources_show")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("show", "uri", name=op.f("uq_sources_show_uri")),
    )
    op.create_table(
        "threads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("show", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name=op.f("fk_threads_show")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("platform", "tenant", "room", "key", name=op.f("uq_threads_platform_tenant_room_key")),
    )
    op.create_index(
        op.f("ix_threads_platform_tenant_room_touched"),
        "threads",
        ["platform", "tenant", "room", "touched"],
        unique=False,
    )
    op.create_table(
        "entry_versions",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
        sa.Column("ends", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_versions_entry")),
        sa.PrimaryKeyConstraint("entry", "version", name=op.f("pk_entry_versions")),
    )
    op.create_index(op.f("ix_entry_versions_origin"), "entry_versions", ["origin"], unique=False)
    op.create_table(
        "pieces",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name=op.f("fk_pieces_source")),
        sa.PrimaryKeyConstraint("source", "position", name=op.f("pk_pieces")),
    )
    op.create_table(
        "turns",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["turns.id"], name=op.f("fk_turns_parent")),
        sa.ForeignKeyConstraint(["thread"], ["threads.id"], name=op.f("fk_turns_thread")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("platform", "tenant", "event", name=op.f("uq_turns_platform_tenant_event")),
    )
    op.create_index(op.f("ix_turns_thread_depth"), "turns", ["thread", "depth"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry", "version"],
            ["entry_versions.entry", "entry_versions.version"],
            name=op.f("fk_decisions_entry_version"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_decisions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_decisions_entry_number"), "decisions", ["entry", "number"], unique=False)
    op.create_table(
        "entry_names",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("show", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry", "version"],
            ["entry_versions.entry", "entry_versions.version"],
            name=op.f("fk_entry_names_entry_version"),
        ),
        sa.ForeignKeyConstraint(["show"], ["shows.id"], name=op.f("fk_entry_names_show")),
        sa.PrimaryKeyConstraint("entry", "version", "folded", name=op.f("pk_entry_names")),
    )
    op.create_index(op.f("ix_entry_names_show_folded"), "entry_names", ["show", "folded"], unique=False)
    op.create_table(
        "head_moves",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=True),
        sa.Column("moved", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["head"], ["turns.id"], name=op.f("fk_head_moves_head")),
        sa.ForeignKeyConstraint(["thread"], ["threads.id"], name=op.f("fk_head_moves_thread")),
        sa.ForeignKeyConstraint(["turn"], ["turns.id"], name=op.f("fk_head_moves_turn")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_head_moves")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_head_moves_thread_number"), "head_moves", ["thread", "number"], unique=False)
    op.create_table(
        "path",
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["thread"], ["threads.id"], name=op.f("fk_path_thread")),
        sa.ForeignKeyConstraint(["turn"], ["turns.id"], name=op.f("fk_path_turn")),
        sa.PrimaryKeyConstraint("thread", "depth", name=op.f("pk_path")),
        sa.UniqueConstraint("turn", name=op.f("uq_path_turn")),
    )
    op.create_table(
        "recaps",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["thread"], ["threads.id"], name=op.f("fk_recaps_thread")),
        sa.ForeignKeyConstraint(["turn"], ["turns.id"], name=op.f("fk_recaps_turn")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_recaps")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recaps_thread_upto"), "recaps", ["thread", "upto"], unique=False)
    op.create_table(
        "takes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("steer", sa.Text(), nullable=False),
        sa.Column("receipts", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["turn"], ["turns.id"], name=op.f("fk_takes_turn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takes")),
        sa.UniqueConstraint("turn", "number", name=op.f("uq_takes_turn_number")),
    )
    op.create_index(op.f("ix_takes_status"), "takes", ["status"], unique=False)
