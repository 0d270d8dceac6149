"""Keep the other names of records of sources: a dataset keeps its address when its identifier comes or changes."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "source_record_aliases"
down_revision = "data_change_notices"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "one new table, which no earlier program knows"

TABLE = """
CREATE TABLE app.source_record_alias (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  source_id uuid NOT NULL,
  id uuid NOT NULL,
  record_id uuid NOT NULL,
  loose boolean NOT NULL,
  CONSTRAINT pk_source_record_alias PRIMARY KEY (tenant_id, source_id, id, record_id),
  CONSTRAINT fk_source_record_alias_tenant_id_source_id FOREIGN KEY (tenant_id, source_id)
    REFERENCES app.catalogue_source (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_source_record_alias_tenant_id_source_id_record_id
  ON app.source_record_alias (tenant_id, source_id, record_id);
"""


def upgrade() -> None:
    execute_script(TABLE)
    execute_script(";\n".join(isolate("portal", "source_record_alias")))
