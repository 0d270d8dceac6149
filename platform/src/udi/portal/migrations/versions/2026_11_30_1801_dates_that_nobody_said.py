"""Name the dates of a dataset that only stand for what its source does not say: lists leave them out."""

from alembic import op

revision = "unstated_dates_named"
down_revision = "source_publishers"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default of the server"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE app.dataset ADD COLUMN unstated_dates text[] NOT NULL DEFAULT '{}'"
    )
