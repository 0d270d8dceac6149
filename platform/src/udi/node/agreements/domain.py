"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="agreements",
    package="udi.node.agreements",
    needs=("datasets",),
    services="udi.node.agreements.registration:provide_services",
    web_services="udi.node.agreements.routes:provide_web_services",
    worker_services="udi.node.agreements.worker:provide_worker_services",
    routes="udi.node.agreements.routes:list_routes",
    tasks="udi.node.agreements.worker:task_handlers",
    schedules="udi.node.agreements.worker:list_schedules",
    companions="udi.node.agreements.worker:list_companions",
    archive="udi.node.agreements.archive",
    personal_data="udi.node.agreements.personal_data",
)
