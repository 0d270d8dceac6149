"""Name columns of changes and drafts, and an index of interests, by the words of the field."""

from alembic import op

revision = "words_of_columns"
down_revision = "scheduled_run"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "no release was made before this revision"


def upgrade() -> None:
    op.alter_column("change", "what", new_column_name="event", schema="app")
    op.alter_column(
        "access_draft", "typed", new_column_name="form_values", schema="app"
    )
    op.execute(
        "ALTER INDEX app.ix_declared_interest_found RENAME TO ix_declared_interest_discoverable"
    )
