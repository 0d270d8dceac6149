"""Keep how much waits for a person at the portal, for the header of the node."""

from udi.kit.foundation import execute_script

revision = "portal_counts"
down_revision = "words_of_columns"
branch_labels = None
depends_on = None
phase = "expand"

COLUMNS = """
ALTER TABLE app.person
  ADD COLUMN portal_waiting integer NOT NULL DEFAULT 0,
  ADD COLUMN portal_late integer NOT NULL DEFAULT 0,
  ADD COLUMN portal_counted_at timestamptz;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
