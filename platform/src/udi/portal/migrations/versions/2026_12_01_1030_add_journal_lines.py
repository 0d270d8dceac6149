"""Add the numbers of events in the journal that leaves for a collector."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "journal_lines"
down_revision = "source_reuses"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "a new table, which no earlier program knows"

TABLE = """
CREATE TABLE app.journal_line (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  chain integer NOT NULL,
  number bigint NOT NULL,
  event_id uuid,
  digest bytea NOT NULL,
  CONSTRAINT pk_journal_line PRIMARY KEY (tenant_id, chain, number)
);
CREATE UNIQUE INDEX ix_journal_line_tenant_id_chain_event_id ON app.journal_line (tenant_id, chain, event_id);
"""


def upgrade() -> None:
    """Create the table; nothing in it is changed."""
    execute_script(TABLE)
    execute_script(";\n".join(isolate("portal", "journal_line", append_only=True)))
