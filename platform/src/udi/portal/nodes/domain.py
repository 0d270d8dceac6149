"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="nodes",
    package="udi.portal.nodes",
    needs=("catalogue",),
    services="udi.portal.nodes.registration:provide_services",
    web_services="udi.portal.nodes.routes:provide_web_services",
    routes="udi.portal.nodes.routes:list_routes",
    tasks="udi.portal.nodes.worker:task_handlers",
    companions="udi.portal.nodes.worker:list_companions",
    archive="udi.portal.nodes.archive",
    after_import="udi.portal.nodes.archive:resume_import",
    personal_data="udi.portal.nodes.personal_data",
)
