"""Add the invitations of producers' nodes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import isolate

revision = "node_invitations"
down_revision = "sources"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "node_invitation",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("slug", "name", "url")),
        sa.Column("organisations", ARRAY(UUID(as_uuid=True)), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("code_hash", "sealed")),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=now, nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_node_invitation"),
        sa.UniqueConstraint(
            "tenant_id", "slug", name="uq_node_invitation_tenant_id_slug"
        ),
        sa.UniqueConstraint(
            "tenant_id", "code_hash", name="uq_node_invitation_tenant_id_code_hash"
        ),
        schema="app",
    )
    for statement in isolate("portal", "node_invitation"):
        op.execute(statement)
