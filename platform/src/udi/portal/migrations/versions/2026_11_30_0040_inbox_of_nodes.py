"""Note which nodes tell what waits there, each minute: only those can be called silent."""

import sqlalchemy as sa
from alembic import op

revision = "inbox_of_nodes"
down_revision = "login_providers"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the new column has a default of the server"


def upgrade() -> None:
    column = sa.Column(
        "reports_inbox", sa.Boolean, server_default=sa.text("false"), nullable=False
    )
    op.add_column("node", column, schema="app")
