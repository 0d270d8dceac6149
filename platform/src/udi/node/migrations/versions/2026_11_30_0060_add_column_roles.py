"""Keep what a producer says that the columns of a dataset are for."""

from udi.kit.foundation import execute_script

revision = "column_roles"
down_revision = "default_view"
branch_labels = None
depends_on = None
phase = "expand"

COLUMNS = """
ALTER TABLE app.dataset
  ADD COLUMN column_roles jsonb NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    execute_script(COLUMNS)
