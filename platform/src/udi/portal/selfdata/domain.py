"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="selfdata",
    package="udi.portal.selfdata",
    needs=("access", "projects", "territory"),
    services="udi.portal.selfdata.registration:provide_services",
    web_services="udi.portal.selfdata.routes:provide_web_services",
    routes="udi.portal.selfdata.routes:list_routes",
    tasks="udi.portal.selfdata.worker:task_handlers",
    schedules="udi.portal.selfdata.worker:list_schedules",
    archive="udi.portal.selfdata.archive",
    after_import="udi.portal.selfdata.archive:resume_import",
    personal_data="udi.portal.selfdata.personal_data",
)
