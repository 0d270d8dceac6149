"""Keep what became of the fields of a source in each of its readings."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "source_reports"
down_revision = "dataset_matches"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "one new table, which no earlier program knows"

TABLE = """
CREATE TABLE app.source_report (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  run_id uuid NOT NULL,
  records integer NOT NULL DEFAULT 0,
  preserved bigint NOT NULL DEFAULT 0,
  changed bigint NOT NULL DEFAULT 0,
  lost bigint NOT NULL DEFAULT 0,
  fields jsonb NOT NULL,
  measures jsonb NOT NULL,
  CONSTRAINT pk_source_report PRIMARY KEY (tenant_id, run_id),
  CONSTRAINT fk_source_report_tenant_id_run_id FOREIGN KEY (tenant_id, run_id)
    REFERENCES app.source_run (tenant_id, id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    execute_script(TABLE)
    execute_script(";\n".join(isolate("portal", "source_report")))
