"""Keep outlines of municipalities and other areas, which maps stand on."""

from udi.kit.foundation import add_outlines

revision = "outlines"
down_revision = "login_providers"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    add_outlines("node")
