"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="catalogue",
    package="udi.portal.catalogue",
    needs=("organisations",),
    services="udi.portal.catalogue.registration:provide_services",
    web_services="udi.portal.catalogue.routes:provide_web_services",
    worker_services="udi.portal.catalogue.worker:provide_worker_services",
    routes="udi.portal.catalogue.routes:list_routes",
    tasks="udi.portal.catalogue.links.notifications:link_task_handlers",
    schedules="udi.portal.catalogue.worker:list_schedules",
    companions="udi.portal.catalogue.worker:list_companions",
    archive="udi.portal.catalogue.archive",
    personal_data="udi.portal.catalogue.personal_data",
)
