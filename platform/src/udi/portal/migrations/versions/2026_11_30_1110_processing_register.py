"""Keep what organisations say of the data that they hold about people."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "processing_register"
down_revision = "words_of_pictures"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = """
CREATE TABLE app.processing_statement (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  organisation_id uuid NOT NULL,
  holds_data boolean NOT NULL,
  officer_email text NOT NULL DEFAULT '',
  officer_address text NOT NULL DEFAULT '',
  reviewed_on date NOT NULL,
  author_id uuid,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_processing_statement PRIMARY KEY (tenant_id, organisation_id),
  CONSTRAINT fk_processing_statement_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_processing_statement_tenant_id_author_id FOREIGN KEY (tenant_id, author_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (author_id)
);
CREATE INDEX ix_processing_statement_tenant_id_author_id
  ON app.processing_statement (tenant_id, author_id);
CREATE TABLE app.processing_entry (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  state text NOT NULL,
  language text NOT NULL,
  translations jsonb NOT NULL DEFAULT '{}',
  service text NOT NULL,
  people text NOT NULL DEFAULT '',
  data text NOT NULL DEFAULT '',
  purpose text NOT NULL DEFAULT '',
  legal_basis text NOT NULL DEFAULT '',
  special_data boolean NOT NULL DEFAULT false,
  retention text NOT NULL DEFAULT '',
  recipients text NOT NULL DEFAULT '',
  transfers text NOT NULL DEFAULT '',
  moments text[] NOT NULL DEFAULT '{}',
  reviewed_on date NOT NULL,
  author_id uuid,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_processing_entry PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_processing_entry_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_processing_entry_tenant_id_author_id FOREIGN KEY (tenant_id, author_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (author_id)
);
CREATE INDEX ix_processing_entry_tenant_id_organisation_id
  ON app.processing_entry (tenant_id, organisation_id);
CREATE INDEX ix_processing_entry_tenant_id_author_id
  ON app.processing_entry (tenant_id, author_id);
"""


def upgrade() -> None:
    execute_script(TABLES)
    policies = [
        *isolate("portal", "processing_statement", public="true"),
        *isolate("portal", "processing_entry", public="state = 'published'"),
    ]
    execute_script(";\n".join(policies))
