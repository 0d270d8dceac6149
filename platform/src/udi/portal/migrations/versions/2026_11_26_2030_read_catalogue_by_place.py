"""Let readers of the whole catalogue go on from a place, in the order in which datasets came or were last described."""

from alembic import op

revision = "read_catalogue_by_place"
down_revision = "withdrawn_by_team"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    for column in ("published_at", "described_at"):
        name = f"ix_dataset_tenant_id_{column}_id"
        op.create_index(name, "dataset", ["tenant_id", column, "id"], schema="app")
