"""Keep when units of the installation were at work last, so that its pages say which do not run."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "heartbeats"
down_revision = "departures_noted"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "the table whose rights are narrowed is made here: no earlier program knows it"
)

INSTALLATION = "f2fcde6f-55a7-50bd-ba17-ed74c0318bef"
"""`udi.kit.tenancy.INSTALLATION_ID`: no row of this table is a territory's."""
TABLE = f"""
CREATE TABLE app.installation_heartbeat (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  unit text NOT NULL,
  seen_at timestamptz NOT NULL,
  CONSTRAINT pk_installation_heartbeat PRIMARY KEY (tenant_id, unit),
  CONSTRAINT ck_installation_heartbeat_installation
    CHECK (tenant_id = '{INSTALLATION}')
);
"""
NARROWER = (
    "REVOKE INSERT, UPDATE, DELETE ON app.installation_heartbeat FROM udi_portal_app"
)
"""Pages read heartbeats: the units alone write them."""


def upgrade() -> None:
    execute_script(TABLE)
    execute_script(";\n".join(isolate("portal", "installation_heartbeat")))
    execute_script(NARROWER)
