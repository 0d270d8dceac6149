"""Keep the identity services of others, and what they gave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from udi.kit.rls import isolate

revision = "login_providers"
down_revision = "waiting_at_nodes"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns have a default of the server"


def upgrade() -> None:
    op.add_column(
        "territory",
        sa.Column(
            "login_providers", JSONB, server_default=sa.text("'[]'"), nullable=False
        ),
        schema="platform",
    )
    op.add_column(
        "web_session",
        sa.Column("provider", sa.Text, server_default=sa.text("''"), nullable=False),
        schema="app",
    )
    statement = """
        CREATE TABLE app.provider_grant (
          tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
          subject text NOT NULL,
          organisation_slug text NOT NULL,
          group_name text NOT NULL,
          joined boolean NOT NULL,
          confirmed_at timestamptz NOT NULL,
          rules_digest text NOT NULL,
          CONSTRAINT pk_provider_grant
            PRIMARY KEY (tenant_id, subject, organisation_slug, group_name)
        )"""
    for part in [statement, *isolate("portal", "provider_grant")]:
        op.execute(part)
