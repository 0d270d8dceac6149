"""Keep the title of a dataset in each of its languages."""

from alembic import op

revision = "titles_by_language"
down_revision = "inbox_of_nodes"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default of the server"


def upgrade() -> None:
    op.execute("ALTER TABLE app.dataset ADD COLUMN titles jsonb NOT NULL DEFAULT '{}'")
