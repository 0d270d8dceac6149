"""Members and invitations of a territory's team: rows of members without an organisation, invitations with an end."""

import sqlalchemy as sa
from alembic import op

revision = "team"
down_revision = "levels_of_logins"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.alter_column("member_change", "organisation_id", nullable=True, schema="app")
    op.alter_column("entry", "organisation_id", nullable=True, schema="app")
    op.alter_column("entry", "begun_by", nullable=True, schema="app")
    end = sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("entry", end, schema="app")
