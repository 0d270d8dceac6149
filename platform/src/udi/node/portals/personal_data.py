"""Which columns of this domain hold nobody: it keeps nothing of people."""

from udi.kit.personal_data import PersonalRows, neutral
from udi.node.portals.models import FurtherDelivery, FurtherPortal

PERSONAL: tuple[PersonalRows, ...] = ()
NEUTRAL = (
    neutral(
        FurtherPortal,
        "origin name client_id credential spaces error",
        "a portal of another territory",
    ),
    neutral(
        FurtherDelivery,
        "record error report_id earlier_reports report",
        "what a producer writes about its data, for which it answers",
    ),
)
