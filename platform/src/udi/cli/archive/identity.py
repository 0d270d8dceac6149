"""A territory at the identity service: its organisations and accounts, without anything secret, and back."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from udi.kit.identity import is_of_territory
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    RealmAdmin,
    create_or_none,
    find_or_none,
    list_organisation_members,
)
from udi.portal.identity.provision.memberships import leave_groups
from udi.portal.identity.provision.organisation_groups import (
    list_group_members,
    list_groups,
)
from udi.portal.identity.provision.organisations import TERRITORY

FIELDS = (
    "id",
    "username",
    "email",
    "emailVerified",
    "enabled",
    "firstName",
    "lastName",
    "createdTimestamp",
)
COPIED_FIELDS = ("username", "email", "enabled", "firstName", "lastName")
NEW_PASSWORD = "UPDATE_PASSWORD"  # noqa: S105 - the name of an action
Document = dict[str, Any]


def list_organisations(admin: RealmAdmin, slug: str) -> list[Document]:
    """The organisations of a territory, its own among them."""
    organisations = admin.get_organizations(
        {"q": f"{TERRITORY}:{slug}", "briefRepresentation": False, "max": EVERYTHING}
    )
    return [
        organisation
        for organisation in organisations
        if is_of_territory(organisation["alias"], slug)
    ]


def read_identity(
    admin: RealmAdmin, slug: str, subjects: Collection[str]
) -> tuple[list[Document], list[Document]]:
    """Organisations and accounts: the members with their groups, and those of the people the programs know."""
    organisations = []
    memberships = dict[str, dict[str, list[str]]]()
    accounts: dict[str, Document] = {}
    for organisation in list_organisations(admin, slug):
        groups = list_groups(admin, organisation["id"])
        organisations.append(
            {
                "alias": organisation["alias"],
                "name": organisation["name"],
                "groups": sorted(group["name"] for group in groups),
            }
        )
        for member in list_organisation_members(admin, organisation["id"]):
            accounts[member["id"]] = member
            memberships.setdefault(member["id"], {})[organisation["alias"]] = []
        for group in groups:
            for member in list_group_members(admin, organisation["id"], group["id"]):
                memberships.setdefault(member["id"], {}).setdefault(
                    organisation["alias"], []
                ).append(group["name"])
    for subject in sorted(set(subjects) - accounts.keys()):
        if user := find_or_none(admin.get_user, subject):
            accounts[subject] = user
    account_documents = [
        {
            **{name: accounts[id_].get(name) for name in FIELDS},
            "memberships": memberships.get(id_, {}),
        }
        for id_ in sorted(accounts)
    ]
    return sorted(
        organisations, key=lambda organisation: str(organisation["alias"])
    ), account_documents


def encode_lines(documents: Iterable[Document]) -> Iterator[bytes]:
    """Each as one line of JSON."""
    for document in documents:
        yield json.dumps(document, ensure_ascii=False, sort_keys=True).encode() + b"\n"


@dataclass
class AccountImportResult:
    """What became of accounts: how many by outcome, the new identifier of each by the old one, and its groups."""

    outcomes: Counter[str] = field(default_factory=Counter)
    ids: dict[str, str] = field(default_factory=dict)
    memberships: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By the new identifier: groups by alias of the organisation."""


def import_accounts(
    admin: RealmAdmin, accounts: Iterable[Document], known: Mapping[str, str]
) -> AccountImportResult:
    """Make the accounts of an archive, without a password, or recognise those that are here; put them into their groups.

    Those that earlier archives brought (`known`, by their identifier at the origin) are who they were, whatever their
    address is by now.
    Only an address that was confirmed there is brought, and only one confirmed here is recognised: else whoever typed
    somebody's address first would receive their rights.
    """
    brought = AccountImportResult(ids=dict(known))
    for account in accounts:
        outcome, identifier = _import_account(admin, account, known)
        brought.outcomes[outcome] += 1
        if identifier:
            brought.ids[account["id"]] = identifier
            brought.memberships[identifier] = account["memberships"]
            apply_memberships(admin, identifier, account["memberships"])
    return brought


def leave_other_organisations(
    admin: RealmAdmin, slug: str, brought: AccountImportResult
) -> None:
    """Take out of the groups and organisations of a copy whoever left them at the origin since an earlier archive."""
    for organisation in list_organisations(admin, slug):
        alias = organisation["alias"]
        for member in list_organisation_members(admin, organisation["id"]):
            groups = brought.memberships.get(member["id"], {}).get(alias)
            leave_groups(
                admin,
                organisation["id"],
                member["id"],
                None if groups is None else tuple(groups),
            )


def _import_account(
    admin: RealmAdmin, account: Document, known: Mapping[str, str]
) -> tuple[str, str]:
    identifier = known.get(account["id"])
    if identifier and find_or_none(admin.get_user, identifier) is not None:
        return "known here", identifier
    if not (account.get("emailVerified") and account.get("email")):
        return "left: address never confirmed", ""
    users = admin.get_users({"email": account["email"], "exact": True})
    if users:
        if not users[0].get("emailVerified"):
            return "left: the account of this address here is not confirmed", ""
        return "known here", str(users[0]["id"])
    body = {
        name: account[name] for name in COPIED_FIELDS if account.get(name) is not None
    }
    body |= {"emailVerified": True, "requiredActions": [NEW_PASSWORD]}
    created = create_or_none(admin.create_user, body)
    if created is None:
        return "left: its user name is somebody else's here", ""
    return "created", created
