"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="manager",
    package="udi.node.manager",
    needs=("datasets",),
    routes="udi.node.manager.routes:list_routes",
    archive="udi.node.manager.archive",
    personal_data="udi.node.manager.personal_data",
)
