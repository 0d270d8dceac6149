"""Add the public keys of projects, for which nodes encrypt restricted files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import isolate

revision = "project_keys"
down_revision = "dataspace"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.create_table(
        "project_key",
        sa.Column("tenant_id", UUID(as_uuid=True), server_default=sa.text("app.current_tenant()"), nullable=False),
        sa.Column("project_id", UUID(as_uuid=True), nullable=False),
        sa.Column("pem", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("bits", sa.Integer, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "project_id", name="pk_project_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"], ["app.project.tenant_id", "app.project.id"], ondelete="CASCADE",
            name="fk_project_key_tenant_id_project_id",
        ),
        schema="app",
    )  # fmt: skip
    for statement in isolate("portal", "project_key"):
        op.execute(statement)
