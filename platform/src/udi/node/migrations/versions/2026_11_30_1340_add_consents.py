"""Add consents, the numbers by which producers know who lends, and the column that says whom rows are about."""

from udi.kit.foundation import execute_script
from udi.kit.rls import confine, isolate

revision = "consents"
down_revision = "subject_requests"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column may be empty"

TABLES = """
CREATE TABLE app.person_column (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  name text NOT NULL,
  codes_are_secret boolean NOT NULL DEFAULT false,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_person_column PRIMARY KEY (tenant_id, dataset_id),
  CONSTRAINT fk_person_column_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE app.held_consent (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  document text NOT NULL,
  revision bigint NOT NULL,
  state text NOT NULL,
  expires_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_held_consent PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_held_consent_agreement ON app.held_consent (tenant_id, agreement_id, state);
CREATE INDEX ix_held_consent_dataset ON app.held_consent (tenant_id, dataset_id);
CREATE TABLE app.consent_link (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  code text NOT NULL,
  code_digest text NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  brought_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_consent_link PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_consent_link_tenant_id_id FOREIGN KEY (tenant_id, id)
    REFERENCES app.held_consent (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_consent_link_dataset ON app.consent_link (tenant_id, dataset_id, state);
CREATE INDEX ix_consent_link_digest ON app.consent_link (tenant_id, code_digest);
ALTER TABLE app.agreement_cursor ADD COLUMN consents_fresh_until timestamptz;
"""
NEW = ("person_column", "held_consent", "consent_link")


def upgrade() -> None:
    execute_script(TABLES)
    policies = [
        policy
        for table in NEW
        for policy in (
            *isolate("node", table),
            *confine("node", table, by="dataset_id"),
        )
    ]
    execute_script(";\n".join(policies))
