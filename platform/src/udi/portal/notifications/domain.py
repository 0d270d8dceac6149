"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="notifications",
    package="udi.portal.notifications",
    needs=("identity",),
    services="udi.portal.notifications.registration:provide_services",
    web_services="udi.portal.notifications.routes:provide_web_services",
    routes="udi.portal.notifications.routes:list_routes",
    tasks="udi.portal.notifications.tasks:task_handlers",
    schedules="udi.portal.notifications.worker:list_schedules",
    archive="udi.portal.notifications.archive",
    after_import="udi.portal.notifications.archive:resume_import",
    personal_data="udi.portal.notifications.personal_data",
)
