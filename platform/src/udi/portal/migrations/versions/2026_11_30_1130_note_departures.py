"""Note when somebody asked that their account be deleted, so that nobody counts on them meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "departures_noted"
down_revision = "erased_accounts"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column may be empty"


def upgrade() -> None:
    op.add_column(
        "person",
        sa.Column("deletion_requested_at", sa.DateTime(timezone=True), nullable=True),
        schema="app",
    )
