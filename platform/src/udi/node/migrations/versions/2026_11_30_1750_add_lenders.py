"""Add who lends, by the pairwise subject that a node knows them by: they stop there, and numbers are counted for them."""

from alembic import op

from udi.kit.foundation import execute_script
from udi.kit.rls import confine, isolate

revision = "lenders"
down_revision = "subject_request_reminders"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = """
CREATE TABLE app.lender (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  subject_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  attempted_at timestamptz NOT NULL,
  stopped_at timestamptz,
  reported_at timestamptz,
  CONSTRAINT pk_lender PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_lender_tenant_id_subject_id FOREIGN KEY (tenant_id, subject_id)
    REFERENCES app.subject_person (tenant_id, id)
);
CREATE INDEX ix_lender_tenant_id_subject_id ON app.lender (tenant_id, subject_id);
CREATE INDEX ix_lender_unreported ON app.lender (tenant_id, stopped_at) WHERE reported_at IS NULL;
"""
OWN = """
CREATE POLICY own_subject ON app.lender AS RESTRICTIVE TO udi_node_app
  USING (tenant_id = app.current_tenant()
    AND (app.current_person() IS NULL OR subject_id = app.current_person()))
"""


def upgrade() -> None:
    execute_script(TABLES)
    for statement in isolate("node", "lender"):
        op.execute(statement)
    for statement in confine("node", "lender", by="dataset_id"):
        op.execute(statement)
    op.execute(OWN)
