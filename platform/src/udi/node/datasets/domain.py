"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="datasets",
    package="udi.node.datasets",
    needs=("tables", "portals"),
    services="udi.node.datasets.registration:provide_services",
    web_services="udi.node.datasets.routes:provide_web_services",
    worker_services="udi.node.datasets.worker:provide_worker_services",
    routes="udi.node.datasets.routes:list_routes",
    tasks="udi.node.datasets.worker:task_handlers",
    schedules="udi.node.datasets.worker:list_schedules",
    companions="udi.node.datasets.worker:list_companions",
    archive="udi.node.datasets.archive",
    after_import="udi.node.datasets.archive:resume_import",
    personal_data="udi.node.datasets.personal_data",
)
