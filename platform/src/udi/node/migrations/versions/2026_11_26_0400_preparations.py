"""Add what the node found out about each version's file."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.rls import isolate

revision = "preparations"
down_revision = "sources"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the table that it constrains is made a few lines before"


def upgrade() -> None:
    op.create_table(
        "preparation",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("version_id", UUID(as_uuid=True), nullable=False),
        sa.Column("revision", sa.Integer, server_default="1", nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        sa.Column("corrections", JSONB, server_default="{}", nullable=False),
        sa.Column("findings", JSONB, server_default="{}", nullable=False),
        sa.Column("derived", ARRAY(sa.Text), server_default="{}", nullable=False),
        sa.Column("failure", sa.Text, server_default="", nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("asked_by", JSONB),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_preparation"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["app.version.tenant_id", "app.version.id"],
            name="fk_preparation_tenant_id_version_id",
        ),
        schema="app",
    )
    op.create_unique_constraint(
        "uq_preparation_version",
        "preparation",
        ["tenant_id", "version_id"],
        schema="app",
    )
    for statement in isolate("node", "preparation"):
        op.execute(statement)
