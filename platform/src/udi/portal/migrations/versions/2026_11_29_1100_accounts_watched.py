"""Keep when accounts were compared with the identity service, who left, and of which accounts nodes ask."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "accounts_watched"
down_revision = "proven_addresses"
branch_labels = None
depends_on = None
phase = "expand"

NOW = sa.text("now()")


def upgrade() -> None:
    for moment in ("left_at", "checked_at"):
        op.add_column(
            "person", sa.Column(moment, sa.DateTime(timezone=True)), schema="app"
        )
    confirmed = sa.Column(
        "confirmed_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW
    )
    op.add_column("web_session", confirmed, schema="app")
    op.create_table(
        "account_watch",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_account_watch"),
        schema="app",
    )
    op.create_table(
        "watched_account",
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("memberships", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name="pk_watched_account"),
        schema="app",
    )
    op.execute(
        "INSERT INTO app.account_watch (tenant_id, confirmed_at) SELECT id, now() FROM platform.territory"
    )
    for table in ("account_watch", "watched_account"):
        for statement in isolate("portal", table):
            op.execute(statement)
