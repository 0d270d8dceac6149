"""What an archive of a territory holds of this domain: nothing, for its rows are the installation's."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.installation.models import (
    FiguresRow,
    InstallationHeartbeat,
    OperatorRequest,
)

CARRIED: tuple[ArchivedTable, ...] = ()
LEFT_OUT = (
    ExcludedTable(
        FiguresRow,
        "figures of this installation, gathered anew where a territory lives",
    ),
    ExcludedTable(
        InstallationHeartbeat, "which units of this installation are at work"
    ),
    ExcludedTable(OperatorRequest, "requests of operators belong to this installation"),
)
