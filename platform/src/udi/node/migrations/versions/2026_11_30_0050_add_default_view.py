"""Keep the view of its data that a producer chose for a dataset."""

from udi.kit.foundation import execute_script

revision = "default_view"
down_revision = "outlines"
branch_labels = None
depends_on = None
phase = "expand"

COLUMNS = """
ALTER TABLE app.dataset
  ADD COLUMN default_view text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    execute_script(COLUMNS)
