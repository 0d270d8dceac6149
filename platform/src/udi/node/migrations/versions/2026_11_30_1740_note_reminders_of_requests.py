"""Note of which day of a request agents were reminded, and how many days before it."""

from udi.kit.foundation import execute_script

revision = "subject_request_reminders"
down_revision = "consent_link_columns"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns are empty"

COLUMNS = """
ALTER TABLE app.subject_request
  ADD COLUMN reminded_due_on date,
  ADD COLUMN reminded_days integer;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
