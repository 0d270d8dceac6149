"""Note when an account was used at a node, and when its owner was warned that nobody uses it."""

import sqlalchemy as sa
from alembic import op

revision = "unused_accounts"
down_revision = "heartbeats"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns may be empty"

MOMENTS = ("unused_warned_at", "unused_warned_again_at", "unused_reported_at")


def upgrade() -> None:
    for table in ("person", "watched_account"):
        column = sa.Column("node_used_on", sa.Date(), nullable=True)
        op.add_column(table, column, schema="app")
    for name in MOMENTS:
        column = sa.Column(name, sa.DateTime(timezone=True), nullable=True)
        op.add_column("person", column, schema="app")
