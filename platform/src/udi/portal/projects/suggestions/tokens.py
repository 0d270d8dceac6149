"""The token of an address that turns suggestions off for ever: the identifier of a choice, signed."""

from uuid import UUID

from udi.kit.credentials import SealedKind
from udi.kit.errors import NotFoundError
from udi.kit.signed_ids import read_signed_id, sign_id
from udi.kit.tenancy import Territory
from udi.settings import Settings

SUGGESTIONS_OFF = SealedKind(
    name="address that turns suggestions off", purpose="suggestions"
)
HOME = "/my-space/suggestions"


def unsubscribe_url(settings: Settings, territory: Territory, choice: UUID) -> str:
    """The address that turns off what this choice turned on."""
    return (
        f"{territory.origin}{HOME}/off/{sign_id(_key(settings), territory.id, choice)}"
    )


def read_unsubscribe_token(
    settings: Settings, territory: Territory, token: str
) -> UUID:
    """The choice of a token.

    Raises:
        NotFoundError: it is none of this territory.
    """
    choice = read_signed_id(_key(settings), territory.id, token)
    if choice is None:
        raise NotFoundError(
            "This address that turns suggestions off is incomplete, or is another territory’s.",
            remedy="Copy it whole from the mail; or log in and turn them off on their page.",
        )
    return choice


def _key(settings: Settings) -> bytes:
    return settings.derived_key("portal", SUGGESTIONS_OFF.purpose)
