"""Keep who did what at the node besides what happens to datasets: keys, seals, limits, agreements, links, archives."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "audit"
down_revision = "levels_of_logins"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("actor_id", UUID(as_uuid=True)),
        sa.Column("subject_id", UUID(as_uuid=True)),
        sa.Column("facts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_audit_event"),
        schema="app",
    )
    op.create_index(
        "ix_audit_event_tenant_id_at", "audit_event", ["tenant_id", "at"], schema="app"
    )
    for statement in isolate("node", "audit_event", append_only=True):
        op.execute(statement)
