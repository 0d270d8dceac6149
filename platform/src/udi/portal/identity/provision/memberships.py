"""One member of one organisation made so, with an account that may do no more than that."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from udi.kit.errors import ProvisionError
from udi.kit.identity import MEMBERS_SECRET
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import (
    MEMBERS_CLIENT,
    ProvisionChange,
    RealmAdmin,
    create_or_none,
    difference,
    find_or_none,
    list_organisation_members,
    merge_representations,
)
from udi.portal.identity.provision.clients import machine_client
from udi.portal.identity.provision.organisation_groups import (
    find_member,
    leave_group,
    list_member_groups,
)
from udi.portal.identity.provision.organisations import (
    apply_organisations,
    desired_organisations,
    find_identifiers,
    organisation_alias,
)
from udi.settings import Settings

RIGHTS = ("manage-organizations", "manage-users", "view-realm", "view-events")
"""Of the realm: Keycloak lets nobody put a person into an organisation without the second; the last says who left."""
TRIES = 4
PAUSE = 0.5
MANAGED = "MANAGED"
"""Made by an invitation of Keycloak itself: it deletes the account of such a member who is removed."""


def apply_members_account(admin: RealmAdmin, settings: Settings) -> ProvisionChange:
    """Make the account of the portal's worker, with its secret and its rights."""
    scopes = {
        "fullScopeAllowed": True,
        "defaultClientScopes": ["basic", "service_account", "roles"],
    }
    target = {
        **machine_client(MEMBERS_CLIENT, settings.secret(MEMBERS_SECRET)),
        **scopes,
    }
    existing = admin.find_client(MEMBERS_CLIENT)
    if existing is None:
        create_or_none(admin.create_client, target)
        _give_rights(admin)
        return ProvisionChange("client", MEMBERS_CLIENT, "created")
    changed = bool(difference(target, existing))
    if changed:
        admin.update_client(existing["id"], merge_representations(existing, target))
    has_new_rights = _give_rights(admin)
    return ProvisionChange(
        "client",
        MEMBERS_CLIENT,
        "updated" if changed or has_new_rights else "unchanged",
    )


def _give_rights(admin: RealmAdmin) -> bool:
    """Give what is missing of the rights; where somebody gives them at the same moment, Keycloak refuses one of the two (400)."""
    realm = admin.get_client_id("realm-management")
    client = admin.get_client_id(MEMBERS_CLIENT)
    if realm is None or client is None:
        msg = (
            f"Keycloak has no client {MEMBERS_CLIENT}, or none that manages the realm."
        )
        raise ProvisionError(msg)
    user = admin.get_client_service_account_user(client)["id"]
    roles_by_name = {role["name"]: role for role in admin.get_client_roles(realm)}
    for left in reversed(range(TRIES)):
        has = {role["name"] for role in admin.get_client_roles_of_user(user, realm)}
        missing = [roles_by_name[name] for name in RIGHTS if name not in has]
        if not missing:
            return left < TRIES - 1
        try:
            admin.assign_client_role(user, realm, missing)
        except ProvisionError:
            if not left:
                raise
            time.sleep(PAUSE)
        else:
            return True
    return False


@dataclass(frozen=True)
class DesiredMembership:
    """A person (their subject) of an organisation and the groups they are to have there; None: they leave.

    An empty `organisation` is the territory's team.
    """

    territory: str
    organisation: str
    subject: str
    groups: tuple[str, ...] | None


def make_member(
    admin: RealmAdmin,
    member: DesiredMembership,
    everybody: Sequence[tuple[str, str]],
    *,
    founding: bool = False,
) -> None:
    """Make the organisation if it is not there, and the person's groups in it. May be repeated.

    `everybody` are the (slug, name) pairs of the territory; `founding` says that nobody may be in it before.

    Raises:
        ProvisionError: Keycloak refuses, does not answer, or knows people in an organisation that is being founded.
    """
    alias = organisation_alias(member.territory, member.organisation)
    if founding and (existing_organisation := _find(admin, alias)):
        others = [
            person
            for person in list_organisation_members(admin, existing_organisation)
            if person["id"] != member.subject
        ]
        if others:
            msg = f"The organisation {alias} of Keycloak has members already: remove it there, or its members, first."
            raise ProvisionError(msg)
    if member.organisation:
        targets = [
            target
            for target in desired_organisations(member.territory, "", everybody)
            if target.alias == alias
        ]
        apply_organisations(admin, member.territory, targets)
    organisation = _find(admin, alias)
    if organisation is None:
        msg = f"Keycloak has no organisation {alias}."
        raise ProvisionError(msg)
    if member.groups is not None:
        apply_memberships(admin, member.subject, {alias: list(member.groups)})
    leave_groups(admin, organisation, member.subject, member.groups)


def _find(admin: RealmAdmin, alias: str) -> str | None:
    return find_identifiers(admin, [alias]).get(alias)


def leave_groups(
    admin: RealmAdmin, organisation: str, subject: str, groups: tuple[str, ...] | None
) -> None:
    """Have a person leave the groups that are not wanted; and the organisation, where none is (None)."""
    membership = find_member(admin, organisation, subject)
    if membership is None:
        return
    for group in list_member_groups(admin, organisation, subject):
        if group["name"] not in (groups or ()):
            leave_group(admin, organisation, group["id"], subject)
    if groups is None and membership.get("membershipType") != MANAGED:
        find_or_none(admin.organization_user_remove, subject, organisation)
