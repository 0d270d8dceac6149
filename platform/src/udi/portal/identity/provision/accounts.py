"""Demonstration accounts, with a password drawn on this machine and kept in the folder of secrets."""

import os
import secrets
from glob import escape
from pathlib import Path

from udi.kit.errors import ProvisionError
from udi.kit.identity import MODERATORS
from udi.portal.identity.provision.admin import (
    Outcome,
    ProvisionChange,
    RealmAdmin,
    create_or_none,
    difference,
    merge_representations,
)
from udi.portal.identity.provision.organisation_groups import (
    join_group,
    list_groups,
    list_member_groups,
)
from udi.portal.identity.provision.organisations import (
    find_identifiers,
    organisation_alias,
)
from udi.portal.tenants.toml.schema import AccountPart
from udi.settings import Settings

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another."""


def account_secret(slug: str, username: str) -> str:
    """Name of the file, in the folder of secrets, with a demonstration account's password."""
    return f"account_{slug}_{username}"


def _read_or_draw_password(
    settings: Settings, slug: str, username: str
) -> tuple[str, bool]:
    """The account's password, and whether it was drawn just now."""
    path: Path = settings.secrets_folder / account_secret(slug, username)
    if path.exists():
        return path.read_text().strip(), False
    drawn = "-".join(
        "".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3)
    )
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(drawn + "\n")
    partial.rename(path)
    return drawn, True


def _belongs_to_another_territory(settings: Settings, slug: str, username: str) -> bool:
    """Whether the password of this name was drawn for another territory: only that one may change the account."""
    secret_name = account_secret(slug, username)
    names = {
        path.name
        for path in settings.secrets_folder.glob(f"account_*_{escape(username)}")
    }
    return bool(names) and secret_name not in names


def apply_account(
    admin: RealmAdmin, settings: Settings, slug: str, account: AccountPart
) -> ProvisionChange:
    """Create a demonstration account, or give it what it lacks; what it was given since is kept.

    An account that another territory made joins the organisations, and stays as it is.
    """
    users = admin.get_users({"username": account.username, "exact": True})
    if users and _belongs_to_another_territory(settings, slug, account.username):
        joined = apply_memberships(
            admin, users[0]["id"], _groups_by_alias(slug, account)
        )
        return ProvisionChange(
            "account", account.username, "updated" if joined else "unchanged"
        )
    password, drawn = _read_or_draw_password(settings, slug, account.username)
    credential = {"type": "password", "value": password, "temporary": False}
    target = {
        "username": account.username,
        "email": account.username,
        "emailVerified": True,
        "enabled": True,
        "firstName": account.first_name,
        "lastName": account.last_name,
    }
    outcome: Outcome = "unchanged"
    if users:
        user = None
    else:
        user = create_or_none(
            admin.create_user, {**target, "credentials": [credential]}
        )
    if user is not None:
        outcome = "created"
    else:  # found, or made by somebody else meanwhile
        [existing] = users or admin.get_users(
            {"username": account.username, "exact": True}
        )
        user = existing["id"]
        if difference(target, existing):
            admin.update_user(user, merge_representations(existing, target))
            outcome = "updated"
        if drawn:
            admin.set_user_password(user, password, temporary=False)
            outcome = "updated"
    joined = apply_memberships(admin, user, _groups_by_alias(slug, account))
    return ProvisionChange(
        "account",
        account.username,
        "updated" if joined and outcome == "unchanged" else outcome,
    )


def _groups_by_alias(slug: str, account: AccountPart) -> dict[str, list[str]]:
    groups_by_alias = {
        organisation_alias(slug, part): groups
        for part, groups in account.organisations.items()
    }
    if account.moderator:
        return {slug: [MODERATORS], **groups_by_alias}
    return groups_by_alias


def apply_memberships(
    admin: RealmAdmin, user: str, groups_by_alias: dict[str, list[str]]
) -> bool:
    """Put a person (their id) into groups, by alias of the organisation; whether anything changed."""
    if not groups_by_alias:
        return False
    joined = {
        organisation["alias"]: organisation["id"]
        for organisation in admin.get_user_organizations(user)
    }
    if groups_by_alias.keys() <= joined.keys():
        others = {}
    else:
        others = find_identifiers(admin, groups_by_alias.keys() - joined.keys())
    changed = False
    for alias, groups in groups_by_alias.items():
        if alias not in joined:
            if alias not in others:
                raise ProvisionError(
                    f"No organisation has the alias {alias}: apply the territory first."
                )
            create_or_none(admin.organization_user_add, user, others[alias])
            changed = True
        changed = (
            _join_groups(admin, joined.get(alias) or others[alias], user, groups)
            or changed
        )
    return changed


def _join_groups(
    admin: RealmAdmin, organisation: str, user: str, groups: list[str]
) -> bool:
    current = list_member_groups(admin, organisation, user)
    missing = set(groups) - {group["name"] for group in current}
    if not missing:
        return False
    ids_by_name = {
        group["name"]: group["id"] for group in list_groups(admin, organisation)
    }
    for name in sorted(missing):
        join_group(admin, organisation, ids_by_name[name], user)
    return True
