"""Add the function that asks one question about every territory, with the rights of whoever calls it."""

from alembic import op

from udi.kit.territory_reads import FUNCTION

revision = "read_territories"
down_revision = "recipient_notices"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "one new function, which no earlier program calls"


def upgrade() -> None:
    """Create it."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(FUNCTION)
