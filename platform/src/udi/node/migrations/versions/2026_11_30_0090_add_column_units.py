"""Keep the units of columns as a producer confirmed them."""

from udi.kit.foundation import execute_script

revision = "column_units"
down_revision = "dataset_parts"
branch_labels = None
depends_on = None
phase = "expand"

COLUMNS = """
ALTER TABLE app.dataset
  ADD COLUMN column_units jsonb NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    execute_script(COLUMNS)
