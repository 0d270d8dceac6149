"""Note that the producer of a dataset thanks a project that uses it."""

from udi.kit.foundation import execute_script

revision = "thanks_noted"
down_revision = "consents"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "one new column has a default of the server, the other may be empty"
)

COLUMNS = """
ALTER TABLE app.project_dataset ADD COLUMN thanked boolean NOT NULL DEFAULT false;
ALTER TABLE app.project_dataset ADD COLUMN thanked_at timestamptz;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
