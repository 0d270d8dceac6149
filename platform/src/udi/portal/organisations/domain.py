"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="organisations",
    package="udi.portal.organisations",
    needs=("notifications",),
    services="udi.portal.organisations.registration:provide_services",
    web_services="udi.portal.organisations.routes:provide_web_services",
    routes="udi.portal.organisations.routes:list_routes",
    tasks="udi.portal.organisations.worker:task_handlers",
    archive="udi.portal.organisations.archive",
    after_import="udi.portal.organisations.archive:resume_import",
    personal_data="udi.portal.organisations.personal_data",
)
