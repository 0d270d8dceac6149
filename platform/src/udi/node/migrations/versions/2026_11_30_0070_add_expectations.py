"""Keep what a script expects of the file that it sends, beside the upload and the look at the file."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "expectations"
down_revision = "column_roles"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    for table in ("upload", "preparation"):
        op.add_column(
            table, sa.Column("expectation", JSONB(none_as_null=True)), schema="app"
        )
