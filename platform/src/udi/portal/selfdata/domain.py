"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="selfdata",
    package="udi.portal.selfdata",
    needs=("projects",),
    services="udi.portal.selfdata.registration:provide_services",
    web_services="udi.portal.selfdata.routes:provide_web_services",
    routes="udi.portal.selfdata.routes:list_routes",
    archive="udi.portal.selfdata.archive",
    personal_data="udi.portal.selfdata.personal_data",
)
