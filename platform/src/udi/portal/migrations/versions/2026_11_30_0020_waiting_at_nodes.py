"""Keep how much waits at each node and how much its data are used, as it tells."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "waiting_at_nodes"
down_revision = "inbox_claims"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = """
CREATE TABLE app.node_waiting (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  node_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  kind text NOT NULL,
  number integer NOT NULL,
  since timestamptz NOT NULL,
  due_on date,
  received_at timestamptz NOT NULL,
  CONSTRAINT pk_node_waiting PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_node_waiting_tenant_id_node_id_organisation_id_kind
    UNIQUE (tenant_id, node_id, organisation_id, kind),
  CONSTRAINT fk_node_waiting_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_node_waiting_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_node_waiting_tenant_id_organisation_id
  ON app.node_waiting (tenant_id, organisation_id);
CREATE TABLE app.node_use_day (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  node_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  day date NOT NULL,
  downloads bigint NOT NULL,
  calls bigint NOT NULL,
  CONSTRAINT pk_node_use_day PRIMARY KEY (tenant_id, node_id, organisation_id, day),
  CONSTRAINT fk_node_use_day_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_node_use_day_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_node_use_day_tenant_id_day ON app.node_use_day (tenant_id, day);
CREATE INDEX ix_node_use_day_tenant_id_organisation_id
  ON app.node_use_day (tenant_id, organisation_id);
"""


def upgrade() -> None:
    execute_script(TABLES)
    execute_script(";\n".join(isolate("portal", "node_waiting")))
    execute_script(";\n".join(isolate("portal", "node_use_day")))
