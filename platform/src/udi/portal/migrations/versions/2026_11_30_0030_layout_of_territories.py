"""Keep how a territory lays out its pages: blocks of the home, menu, footer."""

from alembic import op

revision = "layout_of_territories"
down_revision = "words_of_columns"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE platform.territory ADD COLUMN site jsonb NOT NULL DEFAULT '{}'"
    )
    op.execute("GRANT UPDATE (site) ON platform.territory TO udi_portal_app")
