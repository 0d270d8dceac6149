"""Keep when the address of a person last refused a mail for good."""

import sqlalchemy as sa
from alembic import op

revision = "refused_addresses"
down_revision = "inbox"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    refused = sa.Column("mail_refused_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("person", refused, schema="app")
