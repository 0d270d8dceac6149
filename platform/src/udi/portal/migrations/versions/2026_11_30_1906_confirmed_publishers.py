"""Add who of the publishers of sources was confirmed, and note who reads the datasets that were read before."""

from alembic import op

from udi.kit.foundation import change_rows

revision = "confirmed_publishers"
down_revision = "consent_changes_by_hour"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default of the server; a program of before fills the producer that reads a dataset itself"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE app.source_publisher ADD COLUMN confirmed boolean NOT NULL DEFAULT false"
    )
    change_rows(
        "UPDATE app.dataset d SET harvester_id = s.organisation_id FROM app.catalogue_source s"
        " WHERE s.tenant_id = d.tenant_id AND s.id = d.node_id AND d.harvester_id IS NULL",
        "dataset",
        "catalogue_source",
    )
