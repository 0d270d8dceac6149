"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="tables",
    package="udi.node.tables",
    needs=("files",),
    services="udi.node.tables.registration:provide_services",
    routes="udi.node.tables.routes:list_routes",
)
