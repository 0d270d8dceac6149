"""Who is in the organisations of a territory, and inviting somebody into one."""

from collections.abc import Mapping
from typing import Any, Literal

from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.identity import MODERATORS
from udi.portal.identity.models import TEAM
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    RealmAdmin,
    list_organisation_members,
)
from udi.portal.identity.provision.organisation_groups import (
    invite,
    list_group_members,
    list_groups,
)
from udi.portal.identity.provision.organisations import TERRITORY, organisation_alias

Group = Literal["managers", "publishers"]
GROUPS: tuple[Group, ...] = ("managers", "publishers")
INVITED = "udi.invited."
"""Attribute of an organisation: who was invited into a group and did not accept yet, by address."""
Memberships = dict[str, dict[str, set[str]]]
"""Groups by slug of the organisation, by subject."""


def read_members(admin: RealmAdmin, territory: str) -> Memberships:
    """Everybody in the organisations of a territory; those who accepted an invitation join its group first."""
    memberships: Memberships = {}
    for organisation in _organisations(admin, territory):
        slug = str(organisation["alias"]).removeprefix(f"{territory}--")
        members = list_organisation_members(admin, organisation["id"])
        if not members:
            continue  # its groups have nobody either: most organisations of a country
        _add_accepted_members(admin, organisation, members)
        for member in members:
            memberships.setdefault(member["id"], {})[slug] = set()
        for group in list_groups(admin, organisation["id"]):
            for member in list_group_members(admin, organisation["id"], group["id"]):
                memberships.setdefault(member["id"], {}).setdefault(slug, set()).add(
                    str(group["name"])
                )
    for subject in _team(admin, territory):
        memberships.setdefault(subject, {})[TEAM] = {MODERATORS}
    return memberships


def _team(admin: RealmAdmin, territory: str) -> list[str]:
    """Subjects of the territory's team."""
    organisations = admin.get_organizations(
        {"q": f"{TERRITORY}:{territory}", "max": EVERYTHING}
    )
    for organisation in (
        candidate for candidate in organisations if candidate["alias"] == territory
    ):
        for group in list_groups(admin, organisation["id"]):
            if group["name"] == MODERATORS:
                members = list_group_members(admin, organisation["id"], group["id"])
                return [str(member["id"]) for member in members]
    return []


def _organisations(admin: RealmAdmin, territory: str) -> list[dict[str, Any]]:
    organisations = admin.get_organizations(
        {
            "q": f"{TERRITORY}:{territory}",
            "briefRepresentation": False,
            "max": EVERYTHING,
        }
    )
    return [
        organisation
        for organisation in organisations
        if organisation["alias"].startswith(f"{territory}--")
    ]


def _add_accepted_members(
    admin: RealmAdmin, organisation: dict[str, Any], members: list[dict[str, Any]]
) -> None:
    """Put those who accepted into the group they were invited to, and forget that they were."""
    by_address = {
        _address(member): member["id"]
        for member in members
        if member.get("emailVerified")
    }
    for group in GROUPS:
        waiting = _invited_addresses(organisation, group)
        arrived = [address for address in waiting if address in by_address]
        for address in arrived:
            apply_memberships(
                admin, by_address[address], {organisation["alias"]: [group]}
            )
        if arrived:
            _save_invited_addresses(
                admin,
                organisation,
                group,
                [address for address in waiting if address not in arrived],
            )


def _address(member: Mapping[str, Any]) -> str:
    return str(member.get("email") or "").lower()


def _invited_addresses(organisation: Mapping[str, Any], group: Group) -> list[str]:
    return list((organisation.get("attributes") or {}).get(INVITED + group) or [])


def _save_invited_addresses(
    admin: RealmAdmin, organisation: dict[str, Any], group: Group, addresses: list[str]
) -> None:
    organisation["attributes"] = {
        **(organisation.get("attributes") or {}),
        INVITED + group: addresses,
    }
    admin.update_organization(organisation["id"], organisation)


Invitation = Literal["invited", "already invited", "joined", "unchanged"]


def invite_member(
    admin: RealmAdmin, territory: str, slug: str, address: str, group: Group
) -> Invitation:
    """Invite an address into an organisation; a member joins the group at once, the others once they accept.

    Raises:
        NotFoundError: Keycloak has no such organisation.
        ConflictError: a member says this address is theirs and has not confirmed it.
        ProvisionError: Keycloak refuses, or cannot send the mail.
    """
    alias = organisation_alias(territory, slug)
    address = address.lower()
    organisation = next(
        (
            candidate
            for candidate in _organisations(admin, territory)
            if candidate["alias"] == alias
        ),
        None,
    )
    if organisation is None:
        msg = f"No organisation is called «{slug}» in {territory}."
        raise NotFoundError(msg, remedy="See `udi producer list`.")
    member = next(
        (
            candidate
            for candidate in list_organisation_members(admin, organisation["id"])
            if _address(candidate) == address
        ),
        None,
    )
    if member is not None:
        if not member.get("emailVerified"):
            msg = f"{address} is a member who has not confirmed this address yet."
            raise ConflictError(msg, remedy="Ask them to, then invite again.")
        if apply_memberships(admin, member["id"], {alias: [group]}):
            return "joined"
        return "unchanged"
    if address not in _invited_addresses(organisation, group):
        _save_invited_addresses(
            admin,
            organisation,
            group,
            [*_invited_addresses(organisation, group), address],
        )
    users = admin.get_users({"email": address, "exact": True})
    account = users[0]["id"] if users else ""
    if invite(admin, organisation["id"], address=address, account=account):
        return "invited"
    return "already invited"
