"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="tenants",
    package="udi.portal.tenants",
    archive="udi.portal.tenants.archive",
    services="udi.portal.tenants.registration:provide_services",
    web_services="udi.portal.tenants.routes:provide_web_services",
    routes="udi.portal.tenants.routes:list_routes",
    personal_data="udi.portal.tenants.personal_data",
)
