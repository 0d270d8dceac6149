"""Keep who is looking at what in the inbox, and who gets it by mail."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "inbox_claims"
down_revision = "layout_of_territories"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = """
CREATE TABLE app.inbox_claim (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  kind text NOT NULL,
  item_id uuid NOT NULL,
  person_id uuid NOT NULL,
  claimed_at timestamptz NOT NULL,
  CONSTRAINT pk_inbox_claim PRIMARY KEY (tenant_id, kind, item_id),
  CONSTRAINT fk_inbox_claim_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_inbox_claim_tenant_id_person_id
  ON app.inbox_claim (tenant_id, person_id);
ALTER TABLE app.subscription
  ADD COLUMN inbox_rhythm text NOT NULL DEFAULT 'never',
  ADD COLUMN inbox_mailed_until timestamptz;
"""


def upgrade() -> None:
    execute_script(TABLES)
    execute_script(";\n".join(isolate("portal", "inbox_claim")))
