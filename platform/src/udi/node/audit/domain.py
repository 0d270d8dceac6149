"""What this domain has, for the programs that find it."""

from udi.ui.domains import Domain

DOMAIN = Domain(
    name="audit",
    package="udi.node.audit",
    needs=("territories",),
    archive="udi.node.audit.archive",
    personal_data="udi.node.audit.personal_data",
)
