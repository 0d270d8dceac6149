"""Let the role that answers passers-by see where the database stands, so that a copy of it can say that it is ready."""

from alembic import op

revision = "ready_to_read"
down_revision = "nodes"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.execute("GRANT SELECT ON public.alembic_version TO udi_portal_public")
