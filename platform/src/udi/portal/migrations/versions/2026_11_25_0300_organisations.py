"""Add organisations, and the record of who did what."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "organisations"
down_revision = "identity"
branch_labels = None
depends_on = None
phase = "expand"


def _owned() -> list[sa.Column[Any]]:
    tenant = sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
    return [tenant, sa.Column("id", UUID(as_uuid=True), nullable=False)]


def upgrade() -> None:
    op.create_table(
        "organisation",
        *_owned(),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("slug", "name", "email", "url", "address")
        ),
        sa.Column("summary", JSONB, nullable=False),
        sa.Column("producer", sa.Boolean, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_organisation"),
        sa.UniqueConstraint("tenant_id", "slug", name="uq_organisation_tenant_id_slug"),
        schema="app",
    )
    op.create_table(
        "audit_event",
        *_owned(),
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
    for statement in [
        *isolate("portal", "organisation", public="true"),
        *isolate("portal", "audit_event", append_only=True),
    ]:
        op.execute(statement)
