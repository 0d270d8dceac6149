"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="access",
    package="udi.portal.access",
    needs=("projects",),
    services="udi.portal.access.registration:provide_services",
    web_services="udi.portal.access.routes:provide_web_services",
    routes="udi.portal.access.routes:list_routes",
    tasks="udi.portal.access.tasks:task_handlers",
    schedules="udi.portal.access.worker:list_schedules",
    archive="udi.portal.access.archive",
    personal_data="udi.portal.access.personal_data",
)
