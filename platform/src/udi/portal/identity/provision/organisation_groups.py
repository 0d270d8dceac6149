"""Groups of organisations and their members: python-keycloak 7.1 has no call for any of it."""

from typing import Any

from udi.portal.identity.provision.admin import EVERYTHING, RealmAdmin

Items = list[dict[str, Any]]
"""Representations of groups, persons or roles; none where the organisation or the group is gone."""


def list_groups(admin: RealmAdmin, organisation: str) -> Items:
    """The groups of an organisation, by its identifier."""
    return admin.get(f"organizations/{organisation}/groups", max=EVERYTHING) or []


def create_group(admin: RealmAdmin, organisation: str, name: str) -> str:
    """Make a group; its identifier."""
    answer = admin.post(f"organizations/{organisation}/groups", {"name": name})
    return str(answer.json()["id"])


def list_group_members(admin: RealmAdmin, organisation: str, group: str) -> Items:
    """Who is in a group."""
    path = f"organizations/{organisation}/groups/{group}/members"
    return admin.get(path, max=EVERYTHING) or []


def list_group_roles(admin: RealmAdmin, organisation: str, group: str) -> Items:
    """The roles of the realm that a group carries."""
    return admin.get(_role_mappings(organisation, group)) or []


def give_role(
    admin: RealmAdmin, organisation: str, group: str, role: dict[str, str]
) -> None:
    """Have a group carry a role of the realm."""
    admin.post(_role_mappings(organisation, group), [role])


def find_member(
    admin: RealmAdmin, organisation: str, person: str
) -> dict[str, Any] | None:
    """One member, with how they came in; the library reads all of them only."""
    member: dict[str, Any] | None = admin.get(
        f"organizations/{organisation}/members/{person}"
    )
    return member


def list_member_groups(admin: RealmAdmin, organisation: str, person: str) -> Items:
    """The groups of one member."""
    path = f"organizations/{organisation}/members/{person}/groups"
    return admin.get(path, max=EVERYTHING) or []


def join_group(admin: RealmAdmin, organisation: str, group: str, person: str) -> None:
    """Put a member into a group, where they may be already."""
    path = f"organizations/{organisation}/groups/{group}/members/{person}"
    admin.put(path, conflict=True)


def leave_group(admin: RealmAdmin, organisation: str, group: str, person: str) -> None:
    """Take a member out of a group, if they are in it."""
    admin.delete(f"organizations/{organisation}/groups/{group}/members/{person}")


def invite(
    admin: RealmAdmin, organisation: str, *, address: str, account: str = ""
) -> bool:
    """Mail an invitation into an organisation; False where it was sent before. `account` is who has the address, if any."""
    path = f"organizations/{organisation}/members"
    if account:
        return admin.post_form(f"{path}/invite-existing-user", {"id": account})
    return admin.post_form(f"{path}/invite-user", {"email": address})


def _role_mappings(organisation: str, group: str) -> str:
    return f"organizations/{organisation}/groups/{group}/role-mappings/realm"
