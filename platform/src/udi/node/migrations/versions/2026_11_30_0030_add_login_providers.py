"""Keep the identity services of others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "login_providers"
down_revision = "portal_counts"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns have a default of the server"


def upgrade() -> None:
    op.add_column(
        "territory",
        sa.Column(
            "login_providers", JSONB, server_default=sa.text("'[]'"), nullable=False
        ),
        schema="platform",
    )
    op.add_column(
        "web_session",
        sa.Column("provider", sa.Text, server_default=sa.text("''"), nullable=False),
        schema="app",
    )
