"""Add the period that the main file of a dataset is of."""

from udi.kit.foundation import execute_script

revision = "main_file_periods"
down_revision = "source_pauses"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns are empty"

COLUMNS = """
ALTER TABLE app.dataset
  ADD COLUMN file_first_day date,
  ADD COLUMN file_last_day date;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
