"""What the portal answers about accounts of the identity service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class AccountStatus:
    """What the portal says of an account: whether it is gone, and its groups by slug of the organisation."""

    subject: str
    gone: bool
    memberships: Mapping[str, list[str]]


@dataclass(frozen=True)
class AccountReport:
    """What it says of several, and when it compared them with the identity service."""

    confirmed_at: datetime | None
    accounts: list[AccountStatus]
    erased: list[str]
    """Subjects of accounts that were deleted, to be erased here too."""


def read_account_report(payload: Mapping[str, Any]) -> AccountReport:
    """The answer of a portal.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    confirmed_at = None
    if payload["confirmed_at"]:
        confirmed_at = datetime.fromisoformat(payload["confirmed_at"])
    accounts = [
        AccountStatus(
            str(account["subject"]),
            account["gone"] is True,
            dict(account["memberships"]),
        )
        for account in payload["accounts"]
    ]
    erased = [str(subject) for subject in payload.get("erased", [])]
    return AccountReport(confirmed_at, accounts, erased)
