"""Add the tokens that people make for their programs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import belong, isolate

revision = "tokens"
down_revision = "past_descriptions"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("person_id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_api_token"),
        sa.UniqueConstraint(
            "tenant_id", "token_hash", name="uq_api_token_tenant_id_token_hash"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["app.person.tenant_id", "app.person.id"],
            ondelete="CASCADE",
            name="fk_api_token_tenant_id_person_id",
        ),
        schema="app",
    )
    op.create_index(
        "ix_api_token_tenant_id_person_id",
        "api_token",
        ["tenant_id", "person_id"],
        schema="app",
    )
    for statement in (
        *isolate("portal", "api_token"),
        belong("portal", "api_token", unnamed=True),
    ):
        op.execute(statement)
