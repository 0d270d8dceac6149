"""Renew a dataset from an address."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import isolate

revision = "sources"
down_revision = "script_keys"
branch_labels = None
depends_on = None
phase = "expand"

OWN = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "source",
        sa.Column(
            "tenant_id",
            OWN,
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        *(
            sa.Column(name, OWN, nullable=False)
            for name in ("id", "dataset_id", "person_id")
        ),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("address", "frequency")
        ),
        *(
            sa.Column(name, sa.Text, server_default="", nullable=False)
            for name in ("locale", "etag", "last_modified", "error")
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        *(
            sa.Column(name, sa.DateTime(timezone=True))
            for name in ("checked_at", "changed_at")
        ),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("paused", sa.Boolean, server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_source"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"],
            ["app.dataset.tenant_id", "app.dataset.id"],
            ondelete="CASCADE",
            name="fk_source_tenant_id_dataset_id",
        ),
        sa.UniqueConstraint("tenant_id", "dataset_id", name="uq_source_dataset"),
        schema="app",
    )
    op.create_index("ix_source_due", "source", ["tenant_id", "due_at"], schema="app")
    for statement in isolate("node", "source"):
        op.execute(statement)
