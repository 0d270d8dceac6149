"""Keep the files of a territory that an operator asked for, until the request is forgotten."""

from udi.kit.foundation import execute_script

revision = "files_of_operator_requests"
down_revision = "outlines"
branch_labels = None
depends_on = None
phase = "expand"

COLUMN = "ALTER TABLE app.operator_request ADD COLUMN content bytea"


def upgrade() -> None:
    execute_script(COLUMN)
