"""Add versions that were removed alone, and how many a dataset keeps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import confine, isolate

revision = "removal"
down_revision = "reminders"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.add_column("dataset", sa.Column("keeps", sa.Integer), schema="app")
    op.create_table(
        "removed_version",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("space_id", UUID(as_uuid=True), nullable=False),
        sa.Column("dataset_id", UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_removed_version"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "space_id"],
            ["app.space.tenant_id", "app.space.id"],
            name="fk_removed_version_tenant_id_space_id",
        ),
        schema="app",
    )
    op.create_index(
        "ix_removed_version_dataset",
        "removed_version",
        ["tenant_id", "dataset_id", "number"],
        schema="app",
    )
    public = "published_at IS NOT NULL"
    for statement in (
        *isolate("node", "removed_version", public=public),
        *confine("node", "removed_version", by="space_id", unless=public),
    ):
        op.execute(statement)
