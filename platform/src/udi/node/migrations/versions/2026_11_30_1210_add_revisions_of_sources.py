"""Count how often a source was set, so that an earlier look notes nothing."""

from udi.kit.foundation import execute_script

revision = "source_revisions"
down_revision = "source_kinds"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default of the server"

COLUMNS = """
ALTER TABLE app.source ADD COLUMN revision integer NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
