"""Keep the other sources that describe a dataset, and the dataset that a record of a source describes as well."""

from udi.kit.foundation import execute_script

revision = "other_origins"
down_revision = "source_record_aliases"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "one new column has a default of the server, the other may be empty"
)

COLUMNS = """
ALTER TABLE app.dataset ADD COLUMN other_origins jsonb NOT NULL DEFAULT '[]';
ALTER TABLE app.source_record ADD COLUMN same_as uuid;
CREATE INDEX ix_source_record_tenant_id_same_as ON app.source_record (tenant_id, same_as);
"""


def upgrade() -> None:
    execute_script(COLUMNS)
