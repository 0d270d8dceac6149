"""Count in the database what people and addresses do, so that all processes count together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import isolate

revision = "spent_budgets"
down_revision = "accounts_watched"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.create_table(
        "spent_budget",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("policy", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "policy", "subject", "begins_at", name="pk_spent_budget"
        ),
        schema="app",
    )
    op.create_index(
        "ix_spent_budget_tenant_id_begins_at",
        "spent_budget",
        ["tenant_id", "begins_at"],
        schema="app",
    )
    for statement in isolate("portal", "spent_budget"):
        op.execute(statement)
