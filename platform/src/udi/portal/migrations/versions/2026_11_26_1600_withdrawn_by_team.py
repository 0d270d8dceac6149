"""Say of a withdrawal that the territory's team did it, and to the node why."""

import sqlalchemy as sa
from alembic import op

revision = "withdrawn_by_team"
down_revision = "following"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    by_team = sa.Column(
        "by_team", sa.Boolean, server_default=sa.text("false"), nullable=False
    )
    op.add_column("withdrawal", by_team, schema="app")
    op.add_column(
        "report",
        sa.Column("comment", sa.Text, server_default="", nullable=False),
        schema="app",
    )
