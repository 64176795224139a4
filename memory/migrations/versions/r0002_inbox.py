"""What comes in is kept; what people change or say of a page is kept too."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("head", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sending", sa.Integer(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_inbox")),
        sa.UniqueConstraint("platform", "tenant", "event", name=op.f("uq_inbox_platform_tenant_event")),
        sa.UniqueConstraint(
            "platform", "tenant", "room", "message", name=op.f("uq_inbox_platform_tenant_room_message")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inbox_head"), "inbox", ["head"], unique=False)
    op.create_index(op.f("ix_inbox_platform_state"), "inbox", ["platform", "state"], unique=False)
    op.create_index(
        op.f("ix_inbox_platform_tenant_room_thread"), "inbox", ["platform", "tenant", "room", "thread"], unique=False
    )
    op.create_table(
        "turn_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["turn"], ["turns.id"], name=op.f("fk_turn_changes_turn")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_turn_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_turn_changes_turn_what"), "turn_changes", ["turn", "what"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("take", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Integer(), nullable=False),
        sa.Column("rated", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["take"], ["takes.id"], name=op.f("fk_ratings_take")),
        sa.ForeignKeyConstraint(["turn"], ["turns.id"], name=op.f("fk_ratings_turn")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ratings")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ratings_turn_number"), "ratings", ["turn", "number"], unique=False)
    op.add_column("rooms", sa.Column("deciders", sa.Text(), nullable=True))
