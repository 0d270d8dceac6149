"""Where a territory lives: the zone of its hours and days."""

import sqlalchemy as sa
from alembic import op

revision = "time_zone"
down_revision = "clients_of_rudi"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    column = sa.Column(
        "time_zone", sa.Text, nullable=False, server_default="Europe/Paris"
    )
    op.add_column("territory", column, schema="platform")
