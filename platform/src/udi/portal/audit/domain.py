"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="audit",
    package="udi.portal.audit",
    needs=("tenants",),
    archive="udi.portal.audit.archive",
    personal_data="udi.portal.audit.personal_data",
)
