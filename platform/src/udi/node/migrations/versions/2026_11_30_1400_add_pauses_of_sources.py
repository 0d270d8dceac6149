"""Keep since when the source of a dataset is paused."""

from udi.kit.foundation import execute_script

revision = "source_pauses"
down_revision = "consents"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column may be empty"

COLUMNS = """
ALTER TABLE app.source ADD COLUMN paused_at timestamptz;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
