"""Keep when a person last looked at their inbox."""

import sqlalchemy as sa
from alembic import op

revision = "inbox"
down_revision = "team"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    visited = sa.Column("inbox_visited_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("person", visited, schema="app")
