"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="installation",
    package="udi.portal.installation",
    needs=("tenants", "identity"),
    routes="udi.portal.installation.routes:list_routes",
    archive="udi.portal.installation.archive",
    personal_data="udi.portal.installation.personal_data",
)
