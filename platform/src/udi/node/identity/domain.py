"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="identity",
    package="udi.node.identity",
    needs=("audit",),
    services="udi.node.identity.registration:provide_services",
    web_services="udi.node.identity.routes:provide_web_services",
    routes="udi.node.identity.routes:list_routes",
    schedules="udi.node.identity.worker:list_schedules",
    archive="udi.node.identity.archive",
    personal_data="udi.node.identity.personal_data",
)
