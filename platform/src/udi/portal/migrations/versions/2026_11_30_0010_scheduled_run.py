"""Add how the scheduled tasks of the worker went."""

from udi.kit.foundation import add_scheduled_runs

revision = "scheduled_run"
down_revision = "installation"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    add_scheduled_runs("portal")
