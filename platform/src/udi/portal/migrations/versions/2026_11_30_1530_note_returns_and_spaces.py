"""Note when a node first told of a request, whose spaces a node holds, and to which address a warning left."""

from udi.kit.foundation import execute_script

revision = "returns_noted"
down_revision = "thanks_noted"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "two new columns may be empty, the third has a default of the server"
)

COLUMNS = """
ALTER TABLE app.subject_request ADD COLUMN written_at timestamptz;
ALTER TABLE app.node ADD COLUMN spaces text[];
ALTER TABLE app.person ADD COLUMN unused_warned_hash text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    execute_script(COLUMNS)
