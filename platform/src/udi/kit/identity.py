"""Who asks: the person behind a session, with the roles that Keycloak's organisation claim gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from udi.settings import Settings

MASTER_REALM = "master"
"""Keycloak's own realm, whose administrators manage the server."""
MANAGERS = "managers"
PUBLISHERS = "publishers"
MODERATORS = "moderators"
MEMBERS_SECRET = "keycloak_members_secret"  # noqa: S105 - the name of a file
"""Of the account at Keycloak by which the portal's worker changes organisations and their members, and nothing else."""
OPERATOR = "operator"
"""Role of the realm, of those who run the installation; it counts on the installation's own host only."""


@dataclass(frozen=True)
class Actor:
    """A logged-in person on one territory; `memberships` are groups by organisation slug, of this territory only.

    On the installation's own host, `moderator` means: one of its operators.
    """

    person_id: UUID
    name: str
    email: str
    tenant_slug: str
    moderator: bool = False
    memberships: Mapping[str, frozenset[str]] = field(default_factory=dict)
    email_verified: bool = False
    """Whether the identity service proved that the address is theirs."""

    confirmed_at: datetime | None = None
    """When the identity service said last that they may do this; None where nobody asked it."""

    level: int = 0
    """Of the login (`acr`): 2 where a second factor was shown."""
    authenticated_at: datetime | None = None
    """When they last proved who they are, by a password or a factor."""
    provider: str = ""
    """The identity service of others that the login came through, as ours calls it; empty: none."""
    login_due: bool = False
    """Whether they may have joined a first organisation meanwhile: only a login tells, which asks them nothing."""
    lacks_factor: bool = False
    """Whether rights of theirs wait for a second factor."""
    below_factor: bool = False
    """Whether a second factor is demanded here, and their login showed none, whatever their rights."""

    @property
    def verified_email(self) -> str | None:
        """Their address in small letters, where it was proven: no right comes of one that was not."""
        if self.email_verified and self.email:
            return self.email.lower()
        return None

    def may_manage(self, organisation: str) -> bool:
        """Whether the person manages the organisation (members, keys)."""
        return MANAGERS in self.memberships.get(organisation, frozenset())

    def may_publish(self, organisation: str) -> bool:
        """Whether the person publishes for the organisation; managers do too."""
        return bool(
            self.memberships.get(organisation, frozenset()) & {MANAGERS, PUBLISHERS}
        )


SECOND_FACTOR = 2
"""The level of a login with a second factor."""


def without_factor(actor: Actor) -> Actor:
    """The same person, without the rights that wait for a second factor where none was shown: to manage, to be of the team."""
    if actor.level >= SECOND_FACTOR:
        return actor
    if not manages_any(actor):
        return replace(actor, below_factor=True)
    left = {slug: groups - {MANAGERS} for slug, groups in actor.memberships.items()}
    return replace(
        actor,
        moderator=False,
        memberships=left,
        lacks_factor=True,
        below_factor=True,
    )


def manages_any(actor: Actor) -> bool:
    """Whether the person manages some organisation, or is of the territory's team."""
    return actor.moderator or any(
        MANAGERS in groups for groups in actor.memberships.values()
    )


def read_memberships(
    claim: object, territory: str
) -> tuple[bool, dict[str, frozenset[str]]]:
    """Read Keycloak's `organization` claim for one territory: (is moderator, groups by organisation slug).

    Aliases are `territory` for the territory itself and `territory--organisation` for a legal person;
    those of other territories are left out. A claim of another shape gives nobody any right.
    """
    moderator = False
    memberships = {}
    entries: Mapping[str, Any] = claim if isinstance(claim, Mapping) else {}
    for alias, entry in entries.items():
        groups = _groups(entry)
        if alias == territory:
            moderator = MODERATORS in groups
        elif alias.startswith(f"{territory}--"):
            memberships[alias.removeprefix(f"{territory}--")] = groups
    return moderator, memberships


def is_of_territory(alias: str, territory: str) -> bool:
    """Whether an organisation of the identity service, by its alias, is a territory or a legal person of it."""
    return alias == territory or alias.startswith(f"{territory}--")


def _groups(entry: object) -> frozenset[str]:
    groups = entry.get("groups") if isinstance(entry, Mapping) else None
    if isinstance(groups, list):
        return frozenset(str(group).lstrip("/") for group in groups)
    return frozenset()


def has_external_keycloak(settings: Settings) -> bool:
    """Whether others run Keycloak: we manage one realm there, and nothing of the server."""
    return settings.identity_admin_realm != MASTER_REALM
