"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="fault_reports",
    package="udi.portal.fault_reports",
    needs=("projects",),
    services="udi.portal.fault_reports.registration:provide_services",
    web_services="udi.portal.fault_reports.routes:provide_web_services",
    routes="udi.portal.fault_reports.routes:list_routes",
    tasks="udi.portal.fault_reports.tasks:task_handlers",
    schedules="udi.portal.fault_reports.tasks:list_schedules",
    archive="udi.portal.fault_reports.archive",
    personal_data="udi.portal.fault_reports.personal_data",
)
