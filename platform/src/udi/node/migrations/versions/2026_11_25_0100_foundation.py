"""Lay the foundation: schemas, register of territories, job queue."""

from udi.kit.foundation import lay

revision = "foundation"
down_revision = None
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    lay("node")
