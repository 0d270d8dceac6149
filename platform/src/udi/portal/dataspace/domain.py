"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="dataspace",
    package="udi.portal.dataspace",
    needs=("access",),
    services="udi.portal.dataspace.registration:provide_services",
    web_services="udi.portal.dataspace.routes:provide_web_services",
    routes="udi.portal.dataspace.routes:list_routes",
    tasks="udi.portal.dataspace.tasks:task_handlers",
    archive="udi.portal.dataspace.archive",
    personal_data="udi.portal.dataspace.personal_data",
)
