"""Count the ways to a node that a consent was given, and find the consents that a node has not confirmed."""

from udi.kit.foundation import execute_script

revision = "consent_links_counted"
down_revision = "returns_noted"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "one new column has a default of the server, the other may be empty"
)

COLUMNS = """
ALTER TABLE app.consent ADD COLUMN link_tickets integer NOT NULL DEFAULT 0;
ALTER TABLE app.consent ADD COLUMN link_ticket_at timestamptz;
CREATE INDEX ix_consent_unconfirmed ON app.consent (tenant_id, node_id) WHERE delivered < revision;
"""


def upgrade() -> None:
    execute_script(COLUMNS)
