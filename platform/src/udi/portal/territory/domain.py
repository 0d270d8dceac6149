"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="territory",
    package="udi.portal.territory",
    needs=(
        "tenants",
        "audit",
        "identity",
        "organisations",
        "catalogue",
        "nodes",
        "projects",
        "access",
    ),
    web_services="udi.portal.territory.routes:provide_web_services",
    tasks="udi.portal.territory.producers.reminders:task_handlers",
    schedules="udi.portal.territory.status.measures:list_schedules",
    routes="udi.portal.territory.routes:list_routes",
)
