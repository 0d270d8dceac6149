"""Add the numbers of events in the journal that leaves for a collector."""

from alembic import op

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "journal_lines"
down_revision = "read_territories"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "new tables, which no earlier program knows"

TABLE = """
CREATE TABLE app.journal_line (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  chain integer NOT NULL,
  number bigint NOT NULL,
  event_id uuid,
  digest bytea NOT NULL,
  CONSTRAINT ck_journal_line_number CHECK (number >= 0),
  CONSTRAINT ck_journal_line_event_id CHECK ((number = 0) = (event_id IS NULL)),
  CONSTRAINT pk_journal_line PRIMARY KEY (tenant_id, chain, number)
);
CREATE UNIQUE INDEX ix_journal_line_tenant_id_chain_event_id ON app.journal_line (tenant_id, chain, event_id);
"""
NARROWER = "REVOKE SELECT, INSERT ON app.journal_line FROM udi_node_app"
"""The worker and the units alone read and write it, no page."""
NOTES = """
CREATE TABLE ops.unnumbered_event (
  tenant_id uuid NOT NULL,
  event_id uuid NOT NULL
);
CREATE INDEX unnumbered_event_tenant_id_idx ON ops.unnumbered_event (tenant_id, event_id);
GRANT INSERT ON ops.unnumbered_event TO udi_node_app, udi_node_worker;
GRANT SELECT, DELETE ON ops.unnumbered_event TO udi_node_worker;
"""
NOTE_EVENTS = """
CREATE FUNCTION ops.note_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.unnumbered_event (tenant_id, event_id) VALUES (NEW.tenant_id, NEW.id);
  RETURN NULL; END $$;
CREATE TRIGGER unnumbered_event AFTER INSERT ON app.audit_event
  FOR EACH ROW WHEN (NEW.name NOT LIKE 'subject_request.%') EXECUTE FUNCTION ops.note_event();
CREATE TRIGGER unnumbered_event AFTER INSERT ON app.dataset_event
  FOR EACH ROW EXECUTE FUNCTION ops.note_event();
"""


def upgrade() -> None:
    """Create the tables and the notes of events; earlier events are read when a chain begins."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    execute_script(TABLE)
    execute_script(";\n".join(isolate("node", "journal_line", append_only=True)))
    execute_script(NARROWER)
    execute_script(NOTES)
    execute_script(NOTE_EVENTS)
