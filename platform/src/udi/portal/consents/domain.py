"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="consents",
    package="udi.portal.consents",
    needs=("access",),
    services="udi.portal.consents.registration:provide_services",
    web_services="udi.portal.consents.routes:provide_web_services",
    routes="udi.portal.consents.routes:list_routes",
    tasks="udi.portal.consents.worker:task_handlers",
    schedules="udi.portal.consents.worker:list_schedules",
    archive="udi.portal.consents.archive",
    personal_data="udi.portal.consents.personal_data",
)
