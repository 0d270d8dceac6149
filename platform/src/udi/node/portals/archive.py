"""What an archive holds of further portals: nothing."""

from udi.kit.rows import Carried, LeftOut
from udi.node.portals.models import FurtherDelivery, FurtherPortal

CARRIED: tuple[Carried, ...] = ()
LEFT_OUT = (
    LeftOut(FurtherPortal, "portals that a producer's own node joined are that node's: it has its credentials there"),
    LeftOut(FurtherDelivery, "what each of them was told goes with it"),
)
