"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="portals",
    package="udi.node.portals",
    needs=("spaces",),
    archive="udi.node.portals.archive",
    personal_data="udi.node.portals.personal_data",
)
