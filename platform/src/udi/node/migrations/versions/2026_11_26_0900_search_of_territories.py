"""What a territory's files say of search: its own synonyms, whether it shares, whom it asks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "search_of_territories"
down_revision = "removal"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    column = sa.Column("search", JSONB, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("territory", column, schema="platform")
