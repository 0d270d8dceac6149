"""Add services that stand by themselves in catalogues of others, and the datasets that each serves."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "catalogue_services"
down_revision = "source_reports"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "two new tables, which no earlier program knows"

TABLES = """
CREATE TABLE app.catalogue_service (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  source_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  publisher text NOT NULL DEFAULT '',
  identifier text NOT NULL,
  title text NOT NULL,
  titles jsonb NOT NULL,
  endpoint text NOT NULL,
  format text NOT NULL,
  description jsonb NOT NULL,
  digest text NOT NULL,
  missing integer NOT NULL DEFAULT 0,
  seen_run uuid,
  first_read_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  CONSTRAINT pk_catalogue_service PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_catalogue_service_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id)
);
CREATE INDEX ix_catalogue_service_tenant_id_source_id ON app.catalogue_service (tenant_id, source_id);
CREATE INDEX ix_catalogue_service_tenant_id_organisation_id ON app.catalogue_service (tenant_id, organisation_id);
CREATE INDEX ix_catalogue_service_endpoint ON app.catalogue_service USING hash (endpoint);
CREATE TABLE app.catalogue_service_dataset (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  service_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  CONSTRAINT pk_catalogue_service_dataset PRIMARY KEY (tenant_id, service_id, dataset_id),
  CONSTRAINT fk_catalogue_service_dataset_tenant_id_service_id FOREIGN KEY (tenant_id, service_id)
    REFERENCES app.catalogue_service (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_catalogue_service_dataset_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_catalogue_service_dataset_tenant_id_dataset_id
  ON app.catalogue_service_dataset (tenant_id, dataset_id);
"""
PUBLIC = "true"


def upgrade() -> None:
    execute_script(TABLES)
    policies = [
        *isolate("portal", "catalogue_service", public=PUBLIC),
        *isolate("portal", "catalogue_service_dataset", public=PUBLIC),
    ]
    execute_script(";\n".join(policies))
