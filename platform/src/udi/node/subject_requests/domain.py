"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="subject_requests",
    package="udi.node.subject_requests",
    needs=("datasets",),
    services="udi.node.subject_requests.registration:provide_services",
    web_services="udi.node.subject_requests.routes:provide_web_services",
    routes="udi.node.subject_requests.routes:list_routes",
    tasks="udi.node.subject_requests.deadlines.reminders:task_handlers",
    schedules="udi.node.subject_requests.worker:list_schedules",
    archive="udi.node.subject_requests.archive",
    personal_data="udi.node.subject_requests.personal_data",
)
