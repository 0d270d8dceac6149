"""Name columns of datasets, uploads and readings by the words of the field."""

from alembic import op

revision = "words_of_columns"
down_revision = "scheduled_run"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "no release was made before this revision"


def upgrade() -> None:
    op.alter_column(
        "dataset", "keeps", new_column_name="retained_versions", schema="app"
    )
    op.alter_column("upload", "waits", new_column_name="awaits_record", schema="app")
    op.alter_column("agreement_use", "what", new_column_name="kind", schema="app")
    op.alter_column("agreement_use", "verdict", new_column_name="outcome", schema="app")
