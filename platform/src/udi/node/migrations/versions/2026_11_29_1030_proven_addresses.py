"""Keep whether an address was proven to be its person's."""

import sqlalchemy as sa
from alembic import op

revision = "proven_addresses"
down_revision = "disclosure"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    proven = sa.Column(
        "email_verified", sa.Boolean, nullable=False, server_default=sa.text("false")
    )
    op.add_column("person", proven, schema="app")
