"""Add notices to projects: data that they read were corrected, erased or restricted at somebody's request."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "data_change_notices"
down_revision = "consent_changes"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = """
CREATE TABLE app.data_change_notice (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  version integer NOT NULL,
  change text NOT NULL,
  noticed_on date NOT NULL,
  received_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  CONSTRAINT pk_data_change_notice PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_data_change_notice_tenant_id_agreement_id FOREIGN KEY (tenant_id, agreement_id)
    REFERENCES app.access_agreement (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_data_change_notice_tenant_id_acknowledged_by FOREIGN KEY (tenant_id, acknowledged_by)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (acknowledged_by)
);
CREATE INDEX ix_data_change_notice_tenant_id_agreement_id
  ON app.data_change_notice (tenant_id, agreement_id);
CREATE INDEX ix_data_change_notice_tenant_id_acknowledged_by
  ON app.data_change_notice (tenant_id, acknowledged_by);
"""


def upgrade() -> None:
    execute_script(TABLES)
    execute_script(";\n".join(isolate("portal", "data_change_notice")))
