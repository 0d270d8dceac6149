"""What an archive holds of further portals: nothing."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.portals.models import FurtherDelivery, FurtherPortal

CARRIED: tuple[ArchivedTable, ...] = ()
LEFT_OUT = (
    ExcludedTable(
        FurtherPortal,
        "portals that a producer's own node joined are that node's: it has its credentials there",
    ),
    ExcludedTable(FurtherDelivery, "what each of them was told goes with it"),
)
