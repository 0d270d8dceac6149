"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="territories",
    package="udi.node.territories",
    services="udi.node.territories.registration:provide_services",
    personal_data="udi.node.territories.personal_data",
)
