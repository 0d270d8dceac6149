"""Add what projects learn of consents, which names nobody; and the wish of a webhook to be told of the data of projects."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "consent_changes"
down_revision = "consent_reminders"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default"

TABLES = """
CREATE TABLE app.consent_change (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  notice_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  revision bigint NOT NULL,
  state text NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_consent_change PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_consent_change_tenant_id_notice_id FOREIGN KEY (tenant_id, notice_id)
    REFERENCES app.notice_version (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_consent_change_tenant_id_notice_id_revision
  ON app.consent_change (tenant_id, notice_id, revision);
CREATE INDEX ix_consent_change_tenant_id_changed_at ON app.consent_change (tenant_id, changed_at);
ALTER TABLE app.webhook ADD COLUMN projects boolean NOT NULL DEFAULT false;
"""


def upgrade() -> None:
    execute_script(TABLES)
    execute_script(";\n".join(isolate("portal", "consent_change")))
