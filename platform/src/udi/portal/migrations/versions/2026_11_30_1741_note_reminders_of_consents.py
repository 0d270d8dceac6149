"""Note when a person was reminded that what they lend ends soon."""

from udi.kit.foundation import execute_script

revision = "consent_reminders"
down_revision = "consent_links_counted"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column is empty"

COLUMNS = """
ALTER TABLE app.consent ADD COLUMN reminded_at timestamptz;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
