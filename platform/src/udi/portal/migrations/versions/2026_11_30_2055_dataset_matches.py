"""Add pairs of datasets that seem to be one, and indexes by which they are found."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "dataset_matches"
down_revision = "source_filters"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "one new table, two indexes and a column that the database fills, which no earlier program knows"

TABLE = """
CREATE TABLE app.dataset_match (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  first_id uuid NOT NULL,
  second_id uuid NOT NULL,
  basis text NOT NULL,
  state text NOT NULL,
  proposed_at timestamptz NOT NULL,
  decided_at timestamptz,
  CONSTRAINT pk_dataset_match PRIMARY KEY (tenant_id, first_id, second_id),
  CONSTRAINT fk_dataset_match_tenant_id_first_id FOREIGN KEY (tenant_id, first_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_dataset_match_tenant_id_second_id FOREIGN KEY (tenant_id, second_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_dataset_match_tenant_id_second_id ON app.dataset_match (tenant_id, second_id);
CREATE INDEX ix_dataset_match_waiting
  ON app.dataset_match (tenant_id, proposed_at) WHERE state = 'proposed';
ALTER TABLE app.dataset
  ADD COLUMN title_folded text NOT NULL GENERATED ALWAYS AS (lower(title)) STORED;
CREATE INDEX ix_dataset_title_folded ON app.dataset USING hash (title_folded);
CREATE INDEX ix_distribution_hash_value ON app.distribution USING hash (hash_value)
  WHERE hash_value <> '';
"""


def upgrade() -> None:
    execute_script(TABLE)
    execute_script(";\n".join(isolate("portal", "dataset_match")))
