"""What an archive holds of the people whom the node knows."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.identity.models import (
    AccountWatch,
    Membership,
    Person,
    UsedToken,
    WebSession,
)

CARRIED = (ArchivedTable(Person), ArchivedTable(Membership))
LEFT_OUT = (
    ExcludedTable(
        WebSession,
        "sessions and their tokens are secrets of this installation: everybody logs in again",
    ),
    ExcludedTable(
        UsedToken,
        "logout tokens of this installation's identity service mean nothing elsewhere",
    ),
    ExcludedTable(
        AccountWatch,
        "when the portal of this installation was asked who left says nothing of another's",
    ),
)
