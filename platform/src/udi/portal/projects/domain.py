"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="projects",
    package="udi.portal.projects",
    needs=("nodes",),
    services="udi.portal.projects.registration:provide_services",
    web_services="udi.portal.projects.routes:provide_web_services",
    routes="udi.portal.projects.routes:list_routes",
    tasks="udi.portal.projects.worker:task_handlers",
    schedules="udi.portal.projects.worker:list_schedules",
    archive="udi.portal.projects.archive",
    after_import="udi.portal.projects.archive:resume_import",
    personal_data="udi.portal.projects.personal_data",
)
