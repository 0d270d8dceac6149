"""What changed of accounts at the identity service: who was disabled, deleted, or lost or got a role."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from udi.portal.identity.provision.admin import RealmAdmin, find_or_none
from udi.portal.identity.provision.organisation_groups import list_member_groups

SLICE = 1000
SUBJECT = re.compile(r"(?:users|members)/([0-9a-f-]{36})")
RESOURCES = (
    "USER",
    "ORGANIZATION_MEMBERSHIP",
    "ORGANIZATION_GROUP_MEMBERSHIP",
    "ORGANIZATION_GROUP",
    "ORGANIZATION",
)
WHOLE = {"ORGANIZATION", "ORGANIZATION_GROUP"}
"""An event about one of these may concern anybody."""
LATE = 5 * 60
"""Seconds by which the identity service may write an event after its moment."""


@dataclass(frozen=True)
class AccountChanges:
    """Subjects to look at: those that are disabled, deleted, or were touched; `everybody`, where nobody can say whom."""

    disabled: frozenset[str]
    touched: frozenset[str]
    everybody: bool = False


@dataclass(frozen=True)
class Account:
    """An account as it is now; `memberships` are groups by alias of the organisation."""

    name: str
    email: str
    email_verified: bool
    memberships: dict[str, set[str]] = field(default_factory=dict)


def read_changes(admin: RealmAdmin, since: datetime) -> AccountChanges:
    """What changed since a moment, and a while before it.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    start = int((since.timestamp() - LATE) * 1000)
    disabled = frozenset(
        str(user["id"])
        for user in _all(admin.get_users, enabled="false", briefRepresentation="true")
    )
    touched = set[str]()
    everybody = False
    for event in _all(
        admin.get_admin_events, dateFrom=start, resourceTypes=list(RESOURCES)
    ):
        everybody = everybody or event.get("resourceType") in WHOLE
        touched |= set(SUBJECT.findall(str(event.get("resourcePath") or "")))
    deleted = _all(admin.get_events, type="DELETE_ACCOUNT", dateFrom=start)
    touched |= {str(event["userId"]) for event in deleted if event.get("userId")}
    return AccountChanges(disabled, frozenset(touched), everybody)


def read_provider_logins(admin: RealmAdmin, since: datetime) -> dict[str, str]:
    """Who logged in through an identity service of others since a moment, and a while before it: its alias, by subject.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    start = int((since.timestamp() - LATE) * 1000)
    logins: dict[str, str] = {}
    for event in _all(admin.get_events, type="LOGIN", dateFrom=start):
        alias = (event.get("details") or {}).get("identity_provider")
        if alias and event.get("userId"):
            logins.setdefault(str(event["userId"]), str(alias))
    return logins


def read_last_login(admin: RealmAdmin, subject: str) -> datetime | None:
    """When an account logged in last, at any program of the realm; None where no event says so: they are kept for 90 days.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    moments = [
        int(event["time"])
        for event in _all(admin.get_events, type="LOGIN", user=subject)
        if event.get("userId") == subject
    ]
    if not moments:
        return None
    return datetime.fromtimestamp(max(moments) / 1000, UTC)


def _all(
    list_page: Callable[[dict[str, Any]], list[dict[str, Any]]], **query: Any
) -> Iterator[dict[str, Any]]:
    first = 0
    while True:
        page = list_page({**query, "first": first, "max": SLICE})
        yield from page
        if len(page) < SLICE:
            return
        first += SLICE


def read_account(admin: RealmAdmin, subject: str) -> Account | None:
    """An account; None where it was disabled or deleted.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    user = find_or_none(admin.get_user, subject)
    if user is None or not user.get("enabled"):
        return None
    memberships: dict[str, set[str]] = {}
    for organisation in find_or_none(admin.get_user_organizations, subject) or []:
        groups = list_member_groups(admin, organisation["id"], subject)
        memberships[str(organisation["alias"])] = {
            str(group["name"]) for group in groups
        }
    name = " ".join(filter(None, (user.get("firstName"), user.get("lastName")))) or str(
        user.get("username") or ""
    )
    return Account(
        name,
        str(user.get("email") or ""),
        user.get("emailVerified") is True,
        memberships,
    )


def log_out(admin: RealmAdmin, subject: str) -> None:
    """End the sessions of an account everywhere; without complaint where it was deleted."""
    if find_or_none(admin.get_user, subject) is not None:
        admin.user_logout(subject)
