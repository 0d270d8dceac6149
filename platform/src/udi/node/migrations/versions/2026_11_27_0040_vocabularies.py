"""What words of other catalogues mean on each territory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "vocabularies"
down_revision = "time_zone"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    column = sa.Column(
        "vocabularies", JSONB, nullable=False, server_default=sa.text("'{}'")
    )
    op.add_column("territory", column, schema="platform")
