"""Add the filters of sources, what their readings leave out, and readings of what changed alone."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "source_filters"
down_revision = "own_nodes_take_requests"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "new columns have a default of the server or may be empty; a program of before reads all of a catalogue, as it did"

TABLES = """
ALTER TABLE app.catalogue_source ADD COLUMN filters jsonb NOT NULL DEFAULT '{}';
ALTER TABLE app.catalogue_source ADD COLUMN filters_changed boolean NOT NULL DEFAULT false;
ALTER TABLE app.catalogue_source ADD COLUMN changes_read_at timestamptz;
ALTER TABLE app.catalogue_source ADD COLUMN whole_read_at timestamptz;
ALTER TABLE app.source_record ADD COLUMN filtered boolean NOT NULL DEFAULT false;
ALTER TABLE app.source_run ADD COLUMN left_out integer NOT NULL DEFAULT 0;
ALTER TABLE app.source_run ADD COLUMN filtered integer NOT NULL DEFAULT 0;
ALTER TABLE app.source_run ADD COLUMN incremental boolean NOT NULL DEFAULT false;
CREATE TABLE app.source_outline (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  run_id uuid NOT NULL,
  position integer NOT NULL,
  records bytea NOT NULL,
  CONSTRAINT pk_source_outline PRIMARY KEY (tenant_id, run_id, position),
  CONSTRAINT fk_source_outline_tenant_id_run_id FOREIGN KEY (tenant_id, run_id)
    REFERENCES app.source_run (tenant_id, id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    execute_script(TABLES)
    execute_script(";\n".join(isolate("portal", "source_outline")))
