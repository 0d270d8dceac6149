"""Find files by their checksum in a tree: a hash index walks all files of the same checksum for each one that is added."""

from udi.kit.foundation import execute_script

revision = "checksums_by_territory"
down_revision = "journal_lines"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "an index takes the place of another that answers the same"

INDEX = """
CREATE INDEX ix_distribution_tenant_id_hash_value ON app.distribution (tenant_id, hash_value)
  WHERE hash_value <> '';
DROP INDEX app.ix_distribution_hash_value;
"""


def upgrade() -> None:
    """Make the tree, then take the other away."""
    execute_script(f"SET LOCAL lock_timeout = '4s';\n{INDEX}")
