"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="files",
    package="udi.node.files",
    needs=("spaces",),
    services="udi.node.files.registration:provide_services",
    web_services="udi.node.files.routes:provide_web_services",
    routes="udi.node.files.routes:list_routes",
    schedules="udi.node.files.worker:list_schedules",
    archive="udi.node.files.archive",
    after_import="udi.node.files.archive:resume_import",
    personal_data="udi.node.files.personal_data",
)
