"""Keep several files, links and services of a dataset, in order, beside its main file."""

from alembic import op

from udi.kit.foundation import execute_script
from udi.kit.rls import confine, isolate

revision = "dataset_parts"
down_revision = "expectations"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new columns are null or have a default of the server"

TABLE = """
CREATE TABLE app.dataset_part (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  position integer NOT NULL,
  role text NOT NULL,
  title text NOT NULL,
  first_day date,
  last_day date,
  address text NOT NULL DEFAULT '',
  documentation text NOT NULL DEFAULT '',
  is_public boolean NOT NULL DEFAULT false,
  published_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_dataset_part PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_dataset_part_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id)
);
CREATE INDEX ix_dataset_part_dataset
  ON app.dataset_part (tenant_id, dataset_id, position);
"""
COLUMNS = """
ALTER TABLE app.stored_file ADD COLUMN part_id uuid;
ALTER TABLE app.upload ADD COLUMN part_id uuid;
ALTER TABLE app.removed_version ADD COLUMN part_id uuid;
ALTER TABLE app.dataset ADD COLUMN accepted_parts uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE app.delivery ADD COLUMN listed_parts uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE app.version ADD COLUMN part_id uuid;
ALTER TABLE app.version ADD CONSTRAINT fk_version_tenant_id_part_id
  FOREIGN KEY (tenant_id, part_id) REFERENCES app.dataset_part (tenant_id, id);
ALTER TABLE app.version DROP CONSTRAINT uq_version_number;
ALTER TABLE app.version ADD CONSTRAINT uq_version_number
  UNIQUE NULLS NOT DISTINCT (tenant_id, dataset_id, part_id, number);
CREATE INDEX ix_version_part ON app.version (tenant_id, part_id);
"""


def upgrade() -> None:
    execute_script(TABLE)
    execute_script(COLUMNS)
    for statement in (
        *isolate("node", "dataset_part"),
        *confine("node", "dataset_part", by="dataset_id"),
    ):
        op.execute(statement)
