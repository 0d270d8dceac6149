"""One member of one organisation made so, with an account that may do no more than that."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from udi.kit.errors import ProvisionError
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    MEMBERS_CLIENT,
    MEMBERS_SECRET,
    ProvisionChange,
    RealmAdmin,
    difference,
    merge_representations,
)
from udi.portal.identity.provision.clients import machine_client
from udi.portal.identity.provision.organisations import (
    TERRITORY,
    apply_organisations,
    desired_organisations,
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
    own = {
        "fullScopeAllowed": True,
        "defaultClientScopes": ["basic", "service_account", "roles"],
    }
    target = {**machine_client(MEMBERS_CLIENT, settings.secret(MEMBERS_SECRET)), **own}
    clients = admin.get("clients", clientId=MEMBERS_CLIENT)
    if not clients:
        admin.post("clients", target, conflict=True)
    elif difference(target, clients[0]):
        admin.put(
            f"clients/{clients[0]['id']}", merge_representations(clients[0], target)
        )
    client = (clients or admin.get("clients", clientId=MEMBERS_CLIENT))[0]["id"]
    has_new_rights = _give_rights(admin, client)
    changed = has_new_rights or bool(clients and difference(target, clients[0]))
    return ProvisionChange(
        "client",
        MEMBERS_CLIENT,
        "created" if not clients else "updated" if changed else "unchanged",
    )


def _give_rights(admin: RealmAdmin, client: str) -> bool:
    """Give what is missing of the rights; where somebody gives them at the same moment, Keycloak refuses one of the two (400)."""
    realm = admin.get("clients", clientId="realm-management")[0]["id"]
    path = f"users/{admin.get(f'clients/{client}/service-account-user')['id']}/role-mappings/clients/{realm}"
    roles_by_name = {
        role["name"]: role
        for role in admin.get(f"clients/{realm}/roles", max=EVERYTHING)
    }
    for left in reversed(range(TRIES)):
        has = {role["name"] for role in admin.get(path) or []}
        missing = [roles_by_name[name] for name in RIGHTS if name not in has]
        if not missing:
            return left < TRIES - 1
        try:
            admin.post(path, missing)
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
    if founding and (existing_organisation := _find(admin, member.territory, alias)):
        others = [
            person
            for person in _members(admin, existing_organisation)
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
    organisation = _find(admin, member.territory, alias)
    if organisation is None:
        msg = f"Keycloak has no organisation {alias}."
        raise ProvisionError(msg)
    if member.groups is not None:
        apply_memberships(admin, member.subject, {alias: list(member.groups)})
    _leave(admin, organisation, member)


def _find(admin: RealmAdmin, territory: str, alias: str) -> str | None:
    organisations = (
        admin.get("organizations", q=f"{TERRITORY}:{territory}", max=EVERYTHING) or []
    )
    return next(
        (
            str(organisation["id"])
            for organisation in organisations
            if organisation["alias"] == alias
        ),
        None,
    )


def _members(admin: RealmAdmin, organisation: str) -> list[dict[str, Any]]:
    return admin.get(f"organizations/{organisation}/members", max=EVERYTHING) or []


def _leave(admin: RealmAdmin, organisation: str, member: DesiredMembership) -> None:
    """Leave the groups that are not wanted; and the organisation, where none is."""
    path = f"organizations/{organisation}"
    membership = admin.get(f"{path}/members/{member.subject}")
    if membership is None:
        return
    for group in admin.get(f"{path}/members/{member.subject}/groups") or []:
        if group["name"] not in (member.groups or ()):
            admin.delete(f"{path}/groups/{group['id']}/members/{member.subject}")
    if member.groups is None and membership.get("membershipType") != MANAGED:
        admin.delete(f"{path}/members/{member.subject}")
