"""Keep the texts of projects and calls in each of their languages; those that are there stay the main ones."""

from alembic import op

revision = "texts_by_language"
down_revision = "files_of_operator_requests"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "each new column has a default of the server"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE app.project ADD COLUMN translations jsonb NOT NULL DEFAULT '{}'"
    )
    op.execute(
        "ALTER TABLE app.call ADD COLUMN translations jsonb NOT NULL DEFAULT '{}'"
    )
    op.execute(
        "ALTER TABLE app.call_criterion ADD COLUMN labels jsonb NOT NULL DEFAULT '{}'"
    )
    op.execute(
        "ALTER TABLE app.submission"
        " ADD COLUMN translations jsonb NOT NULL DEFAULT '{}',"
        " ADD COLUMN language text NOT NULL DEFAULT ''"
    )
