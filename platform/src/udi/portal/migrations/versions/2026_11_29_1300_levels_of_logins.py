"""Keep the level of a login, when its person last proved who they are, and what the territory asks of them."""

import sqlalchemy as sa
from alembic import op

revision = "levels_of_logins"
down_revision = "spent_budgets"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    level = sa.Column("level", sa.Integer, nullable=False, server_default=sa.text("0"))
    proved = sa.Column(
        "authenticated_at",
        sa.DateTime(timezone=True),
        nullable=False,
        server_default=sa.text("now()"),
    )
    op.add_column("web_session", level, schema="app")
    op.add_column("web_session", proved, schema="app")
    wanted = sa.Column(
        "second_factor", sa.Boolean, nullable=False, server_default=sa.text("true")
    )
    op.add_column("territory", wanted, schema="platform")
