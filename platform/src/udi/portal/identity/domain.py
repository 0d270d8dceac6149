"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="identity",
    package="udi.portal.identity",
    needs=("audit",),
    services="udi.portal.identity.registration:provide_services",
    web_services="udi.portal.identity.routes:provide_web_services",
    routes="udi.portal.identity.routes:list_routes",
    tasks="udi.portal.identity.worker:task_handlers",
    schedules="udi.portal.identity.worker:list_schedules",
    archive="udi.portal.identity.archive",
    after_import="udi.portal.identity.archive:resume_import",
    personal_data="udi.portal.identity.personal_data",
)
