"""Keep up to when the portal was told in which hour each credential was last shown."""

import sqlalchemy as sa
from alembic import op

revision = "uses_told"
down_revision = "agreements"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.add_column(
        "agreement_cursor",
        sa.Column("told_at", sa.DateTime(timezone=True)),
        schema="app",
    )
    op.create_index(
        "ix_agreement_use_happened",
        "agreement_use",
        ["tenant_id", "happened_at"],
        schema="app",
    )
