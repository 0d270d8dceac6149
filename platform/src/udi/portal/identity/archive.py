"""What an archive holds of the people whom the portal knows."""

from udi.kit.rows import Carried, LeftOut
from udi.portal.identity.models import AccountWatch, ApiToken, Membership, Person, UsedToken, WatchedAccount, WebSession

CARRIED = (Carried(Person), Carried(Membership))
LEFT_OUT = (
    LeftOut(WebSession, "sessions and their tokens are secrets of this installation: everybody logs in again"),
    LeftOut(ApiToken, "tokens are secrets of this installation: their owners make new ones where the territory lives"),
    LeftOut(UsedToken, "logout tokens of this installation's identity service mean nothing elsewhere"),
    LeftOut(AccountWatch, "how far the identity service of this installation was read says nothing of another's"),
    LeftOut(WatchedAccount, "nodes ask anew, where the territory arrives, of whom they hold something"),
)
