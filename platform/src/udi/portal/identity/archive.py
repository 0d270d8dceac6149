"""What an archive holds of the people whom the portal knows."""

from udi.kit.rows import Carried, LeftOut
from udi.portal.identity.models import ApiToken, Membership, Person, UsedToken, WebSession

CARRIED = (Carried(Person), Carried(Membership))
LEFT_OUT = (
    LeftOut(WebSession, "sessions and their tokens are secrets of this installation: everybody logs in again"),
    LeftOut(ApiToken, "tokens are secrets of this installation: their owners make new ones where the territory lives"),
    LeftOut(UsedToken, "logout tokens of this installation's identity service mean nothing elsewhere"),
)
