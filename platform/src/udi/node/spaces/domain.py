"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="spaces",
    package="udi.node.spaces",
    needs=("identity",),
    services="udi.node.spaces.registration:provide_services",
    web_services="udi.node.spaces.routes:provide_web_services",
    worker_services="udi.node.spaces.worker:provide_worker_services",
    routes="udi.node.spaces.routes:list_routes",
    archive="udi.node.spaces.archive",
    personal_data="udi.node.spaces.personal_data",
)
