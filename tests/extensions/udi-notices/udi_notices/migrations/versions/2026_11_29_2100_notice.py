"""Add notices, isolated by territory; everybody reads those that are published."""

import sqlalchemy as sa
from alembic import op

from udi.kit.migrations import tenant_columns
from udi.kit.rls import isolate

revision = "notice"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        *tenant_columns(),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_notice"),
        schema="app",
    )
    for statement in isolate("portal", "notice", public="published"):
        op.execute(statement)
