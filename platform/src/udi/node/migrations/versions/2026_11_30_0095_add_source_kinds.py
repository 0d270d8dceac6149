"""Renew datasets from sources of several kinds, each with its sealed credential."""

from udi.kit.foundation import execute_script

revision = "source_kinds"
down_revision = "column_units"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns have a default of the server"

COLUMNS = """
ALTER TABLE app.source ADD COLUMN kind text NOT NULL DEFAULT 'http';
ALTER TABLE app.source ADD COLUMN credential text NOT NULL DEFAULT '';
ALTER TABLE app.source ADD COLUMN host_key text NOT NULL DEFAULT '';
ALTER TABLE app.source ADD COLUMN offered_key text NOT NULL DEFAULT '';
ALTER TABLE app.source ADD COLUMN remedy text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    execute_script(COLUMNS)
