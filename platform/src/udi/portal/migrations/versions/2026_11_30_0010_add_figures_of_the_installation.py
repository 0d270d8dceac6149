"""Add the figures of territories and the requests of operators."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "installation"
down_revision = "versions_of_territories"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "the tables whose rights are narrowed are made here: no earlier program knows them"
)

INSTALLATION = "f2fcde6f-55a7-50bd-ba17-ed74c0318bef"
"""`udi.kit.tenancy.INSTALLATION_ID`: no row of these tables is a territory's."""
TABLES = f"""
CREATE TABLE app.installation_figures (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  territory_id uuid NOT NULL,
  figures jsonb NOT NULL,
  gathered_at timestamptz NOT NULL,
  CONSTRAINT pk_installation_figures PRIMARY KEY (tenant_id, territory_id),
  CONSTRAINT ck_installation_figures_installation
    CHECK (tenant_id = '{INSTALLATION}')
);
CREATE TABLE app.operator_request (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  territory_id uuid NOT NULL,
  act text NOT NULL,
  details jsonb NOT NULL,
  requested_by uuid NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'requested',
  outcome text NOT NULL DEFAULT '',
  finished_at timestamptz,
  CONSTRAINT pk_operator_request PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_operator_request_installation CHECK (tenant_id = '{INSTALLATION}')
);
CREATE INDEX ix_operator_request_tenant_id_territory_id_requested_at
  ON app.operator_request (tenant_id, territory_id, requested_at);
CREATE INDEX ix_operator_request_waiting
  ON app.operator_request (tenant_id, requested_at) WHERE state = 'requested';
"""
NARROWER = """
REVOKE INSERT, UPDATE, DELETE ON app.installation_figures FROM udi_portal_app;
REVOKE UPDATE, DELETE ON app.operator_request FROM udi_portal_app;
"""
"""Pages read figures and add requests: the worker of the installation alone gathers, and says what became of a request."""


def upgrade() -> None:
    execute_script(TABLES)
    statements = [
        *isolate("portal", "installation_figures"),
        *isolate("portal", "operator_request"),
    ]
    execute_script(";\n".join(statements))
    execute_script(NARROWER)
