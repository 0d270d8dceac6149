"""The token of an address that unsubscribes: the identifier of a subscription, signed; it says nothing of a person."""

from uuid import UUID

from udi.kit.credentials import SealedKind
from udi.kit.errors import NotFoundError
from udi.kit.signed_ids import read_signed_id, sign_id
from udi.kit.tenancy import Territory
from udi.settings import Settings

UNSUBSCRIBE = SealedKind(name="address that unsubscribes", purpose="unsubscribe")


def unsubscribe_token(
    settings: Settings, territory: Territory, subscription: UUID
) -> str:
    """The token of a subscription of this territory."""
    return sign_id(_key(settings), territory.id, subscription)


def read_unsubscribe_token(
    settings: Settings, territory: Territory, token: str
) -> UUID:
    """The subscription of a token.

    Raises:
        NotFoundError: it is none of this territory.
    """
    subscription = read_signed_id(_key(settings), territory.id, token)
    if subscription is None:
        raise NotFoundError(
            "This address to unsubscribe is incomplete, or is another territory’s.",
            remedy="Copy it whole from the mail; or log in and choose “never” in “What I follow”.",
        )
    return subscription


def _key(settings: Settings) -> bytes:
    return settings.derived_key("portal", UNSUBSCRIBE.purpose)
