"""Keep when the portal said what became of accounts, and why a key ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import isolate

revision = "accounts_watched"
down_revision = "proven_addresses"
branch_labels = None
depends_on = None
phase = "expand"

NOW = sa.text("now()")


def upgrade() -> None:
    confirmed = sa.Column(
        "confirmed_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW
    )
    op.add_column("web_session", confirmed, schema="app")
    op.add_column(
        "script_key", sa.Column("revoked_by", UUID(as_uuid=True)), schema="app"
    )
    reason = sa.Column(
        "revoked_reason", sa.Text, nullable=False, server_default=sa.text("''")
    )
    op.add_column("script_key", reason, schema="app")
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
    op.execute(
        "INSERT INTO app.account_watch (tenant_id, confirmed_at) SELECT id, now() FROM platform.territory"
    )
    for statement in isolate("node", "account_watch"):
        op.execute(statement)
