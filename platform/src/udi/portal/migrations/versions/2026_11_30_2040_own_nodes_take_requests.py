"""Add whether a producer's own node takes requests of people about their data."""

from alembic import op

revision = "own_nodes_take_requests"
down_revision = "confirmed_publishers"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default of the server; a program of before leaves it, and offers the letter"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE app.node ADD COLUMN takes_subject_requests boolean NOT NULL DEFAULT false"
    )
