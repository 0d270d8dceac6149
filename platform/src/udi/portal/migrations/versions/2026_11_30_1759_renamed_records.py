"""Keep which records of a source seem to have another identifier, and whether a person said that it is so."""

from udi.kit.foundation import execute_script

revision = "renamed_records"
down_revision = "other_origins"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "one new column has a default of the server, the other may be empty"
)

COLUMNS = """
ALTER TABLE app.source_record ADD COLUMN renamed_to uuid;
ALTER TABLE app.catalogue_source ADD COLUMN accepts_renames boolean NOT NULL DEFAULT false;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
