"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="notices",
    package="udi_notices",
    needs=("tenants",),
    settings="udi_notices.settings:NoticeSettings",
    web_services="udi_notices.routes:provide_web_services",
    routes="udi_notices.routes:list_routes",
    tasks="udi_notices.tasks:task_handlers",
    schedules="udi_notices.tasks:list_schedules",
    archive="udi_notices.archive",
    personal_data="udi_notices.personal_data",
    migrations=True,
)
