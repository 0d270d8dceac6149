"""Add which reminders of late datasets left."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import confine, isolate

revision = "reminders"
down_revision = "leaving"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("dataset_id", UUID(as_uuid=True), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column(
            "queued_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint(
            "tenant_id", "dataset_id", "due_on", "number", name="pk_reminder"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"],
            ["app.dataset.tenant_id", "app.dataset.id"],
            ondelete="CASCADE",
            name="fk_reminder_tenant_id_dataset_id",
        ),
        schema="app",
    )
    for statement in (
        *isolate("node", "reminder"),
        *confine("node", "reminder", by="dataset_id"),
    ):
        op.execute(statement)
