"""Let an organisation say what it is: a public body, a research body, an association, a company."""

import sqlalchemy as sa
from alembic import op

revision = "kinds_of_organisations"
down_revision = "access_requests"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    for table in ("organisation", "application"):
        op.add_column(
            table,
            sa.Column("kind", sa.Text, nullable=False, server_default=""),
            schema="app",
        )
