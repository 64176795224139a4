"""Who works in a thread where programs share a ledger; which take a letter's answer is."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("halt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "tenant", "room", "thread", name=op.f("pk_leases")),
    )
    op.add_column("inbox", sa.Column("take", sa.Text(), nullable=True))
