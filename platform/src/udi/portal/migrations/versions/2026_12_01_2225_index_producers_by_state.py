"""Count the published datasets of each producer in an index: the table itself is read for a second where it has 100,000 rows."""

from udi.kit.foundation import execute_script

revision = "producers_by_state"
down_revision = "checksums_by_territory"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "an index takes the place of one that has its first two columns"

INDEX = """
CREATE INDEX ix_dataset_tenant_id_organisation_id_state ON app.dataset (tenant_id, organisation_id, state);
DROP INDEX app.ix_dataset_tenant_id_organisation_id;
"""


def upgrade() -> None:
    """Make the wider one, then take the other away."""
    execute_script(f"SET LOCAL lock_timeout = '4s';\n{INDEX}")
