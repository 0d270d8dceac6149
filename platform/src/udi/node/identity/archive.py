"""What an archive holds of the people whom the node knows."""

from udi.kit.rows import Carried, LeftOut
from udi.node.identity.models import AccountWatch, Membership, Person, UsedToken, WebSession

CARRIED = (Carried(Person), Carried(Membership))
LEFT_OUT = (
    LeftOut(WebSession, "sessions and their tokens are secrets of this installation: everybody logs in again"),
    LeftOut(UsedToken, "logout tokens of this installation's identity service mean nothing elsewhere"),
    LeftOut(AccountWatch, "when the portal of this installation was asked who left says nothing of another's"),
)
