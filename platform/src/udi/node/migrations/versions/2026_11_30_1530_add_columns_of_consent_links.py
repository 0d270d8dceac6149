"""Add the column for which the number of somebody who lends counts; those brought before count for none."""

from udi.kit.foundation import execute_script

revision = "consent_link_columns"
down_revision = "main_file_periods"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default"

COLUMNS = """
ALTER TABLE app.consent_link ADD COLUMN column_name text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    execute_script(COLUMNS)
