"""Add reports of faults in datasets; passers-by read of those that were answered what it was about and when, no more."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "fault_reports"
down_revision = "catalogue_services"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "one new table, which no earlier program knows"

TABLE = """
CREATE TABLE app.fault_report (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  person_id uuid,
  name text NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  language text NOT NULL,
  kind text NOT NULL,
  media_id uuid,
  row_name text NOT NULL DEFAULT '',
  column_name text NOT NULL DEFAULT '',
  words text NOT NULL DEFAULT '',
  state text NOT NULL,
  revision integer NOT NULL,
  submitted_at timestamptz NOT NULL,
  due_on date NOT NULL,
  mailed_at timestamptz,
  escalated_at timestamptz,
  answered_at timestamptz,
  answered_by uuid,
  answer text NOT NULL DEFAULT '',
  version text NOT NULL DEFAULT '',
  erased_at timestamptz,
  CONSTRAINT pk_fault_report PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_fault_report_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_fault_report_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (person_id)
);
CREATE INDEX ix_fault_report_tenant_id_dataset_id_state
  ON app.fault_report (tenant_id, dataset_id, state);
CREATE INDEX ix_fault_report_tenant_id_person_id
  ON app.fault_report (tenant_id, person_id);
CREATE INDEX ix_fault_report_waiting
  ON app.fault_report (tenant_id, due_on) WHERE state = 'submitted';
"""
PUBLIC = """
CREATE POLICY public_read ON app.fault_report FOR SELECT TO udi_portal_public
  USING (tenant_id = app.current_tenant()
    AND state IN ('corrected', 'confirmed', 'redirected') AND kind <> 'personal_data');
GRANT SELECT (tenant_id, dataset_id, kind, state, version, submitted_at, answered_at)
  ON app.fault_report TO udi_portal_public
"""
NOTE_CHANGES = """
CREATE FUNCTION ops.note_fault_report() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id)
  VALUES (NEW.tenant_id, NEW.dataset_id);
  NOTIFY search_change; RETURN NULL; END $$;
CREATE TRIGGER search_change AFTER UPDATE OF state, dataset_id ON app.fault_report
  FOR EACH ROW EXECUTE FUNCTION ops.note_fault_report();
"""


def upgrade() -> None:
    execute_script(TABLE)
    execute_script(";\n".join(isolate("portal", "fault_report")))
    execute_script(PUBLIC)
    execute_script(NOTE_CHANGES)
