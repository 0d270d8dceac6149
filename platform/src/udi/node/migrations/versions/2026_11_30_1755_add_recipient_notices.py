"""Add notices for those who read data that were corrected, erased or restricted at somebody's request."""

from alembic import op

from udi.kit.foundation import execute_script
from udi.kit.rls import confine, isolate

revision = "recipient_notices"
down_revision = "lenders"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = """
CREATE TABLE app.recipient_notice (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  request_id uuid NOT NULL,
  subject_id uuid,
  agreement_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  version integer NOT NULL,
  change text NOT NULL,
  noticed_on date NOT NULL,
  state text NOT NULL,
  report_after timestamptz NOT NULL,
  CONSTRAINT pk_recipient_notice PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_recipient_notice_agreement UNIQUE (tenant_id, request_id, agreement_id),
  CONSTRAINT fk_recipient_notice_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id),
  CONSTRAINT fk_recipient_notice_tenant_id_request_id FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.subject_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_recipient_notice_open ON app.recipient_notice (tenant_id, report_after)
  WHERE state IN ('', 'waiting');
"""
OWN = """
CREATE POLICY own_subject ON app.recipient_notice AS RESTRICTIVE TO udi_node_app
  USING (tenant_id = app.current_tenant()
    AND (app.own_spaces() IS NOT NULL OR app.current_person() IS NULL OR subject_id = app.current_person()))
"""


def upgrade() -> None:
    execute_script(TABLES)
    for statement in isolate("node", "recipient_notice"):
        op.execute(statement)
    for statement in confine("node", "recipient_notice", by="space_id"):
        op.execute(statement)
    op.execute(OWN)
