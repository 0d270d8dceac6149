"""The token of an address where a report is followed without an account: its identifier, signed."""

from uuid import UUID

from udi.kit.credentials import SealedKind
from udi.kit.errors import NotFoundError
from udi.kit.signed_ids import read_signed_id, sign_id
from udi.kit.tenancy import Territory
from udi.settings import Settings

FOLLOW_REPORT = SealedKind(
    name="address of a report of a fault", purpose="fault-report"
)
FOLLOW = "/fault-reports/follow"


def follow_path(settings: Settings, territory: Territory, report: UUID) -> str:
    """Where a report of this territory is followed."""
    return f"{FOLLOW}/{sign_id(_key(settings), territory.id, report)}"


def read_follow_token(settings: Settings, territory: Territory, token: str) -> UUID:
    """The report of a token.

    Raises:
        NotFoundError: it is none of this territory.
    """
    report = read_signed_id(_key(settings), territory.id, token)
    if report is None:
        raise NotFoundError(
            "This address of a report is incomplete, or is another territory’s.",
            remedy="Copy it whole from the page or the mail that gave it to you.",
        )
    return report


def _key(settings: Settings) -> bytes:
    return settings.derived_key("portal", FOLLOW_REPORT.purpose)
