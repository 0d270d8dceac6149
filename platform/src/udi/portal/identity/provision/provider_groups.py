"""Groups of organisations that a login through an identity service of others gives, and takes away again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from udi.kit.login_providers import LoginProvider, claim_attribute, provider_alias
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import RealmAdmin, find_or_none
from udi.portal.identity.provision.memberships import MANAGED
from udi.portal.identity.provision.organisation_groups import (
    find_member,
    leave_group,
    list_member_groups,
)
from udi.portal.identity.provision.organisations import organisation_alias

OrganisationGroup = tuple[str, str]
"""Slug of an organisation, and one of its groups."""


@dataclass(frozen=True)
class ProvidedGroups:
    """What the claims that an account brought last give: by alias of the provider."""

    by_provider: dict[str, set[OrganisationGroup]] = field(default_factory=dict)

    @property
    def all(self) -> set[OrganisationGroup]:
        """Whatever provider gives them."""
        return set().union(*self.by_provider.values())


@dataclass(frozen=True)
class GivenGroup:
    """A group that somebody was put into; `joined`: into its organisation too."""

    organisation: str
    group: str
    joined: bool


def read_provided_groups(
    admin: RealmAdmin,
    territory: str,
    providers: Sequence[LoginProvider],
    subject: str,
) -> ProvidedGroups:
    """What the rules of a territory's providers give to an account, for those that it is linked with.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    user = find_or_none(admin.get_user, subject)
    if user is None or not user.get("enabled"):
        return ProvidedGroups()
    links = find_or_none(admin.get_user_social_logins, subject) or []
    linked = {link["identityProvider"] for link in links}
    attributes = user.get("attributes") or {}
    by_provider: dict[str, set[OrganisationGroup]] = {}
    for provider in providers:
        alias = provider_alias(territory, provider.name)
        if alias not in linked:
            continue
        by_provider[alias] = {
            (rule.organisation, rule.group)
            for rule in provider.rules
            if rule.value in attributes.get(claim_attribute(alias, rule.claim), ())
        }
    return ProvidedGroups(by_provider)


def find_missing_groups(
    admin: RealmAdmin,
    territory: str,
    subject: str,
    groups: Collection[OrganisationGroup],
) -> list[GivenGroup]:
    """Those of some groups that an account is not in."""
    joined = _list_organisations(admin, subject)
    missing = []
    for organisation, group in sorted(groups):
        alias = organisation_alias(territory, organisation)
        current = []
        if alias in joined:
            current = list_member_groups(admin, joined[alias], subject)
        if group not in {known["name"] for known in current}:
            missing.append(GivenGroup(organisation, group, joined=alias not in joined))
    return missing


def give_groups(
    admin: RealmAdmin,
    territory: str,
    subject: str,
    groups: Collection[OrganisationGroup],
) -> bool:
    """Put an account into groups of a territory's organisations; whether it was not in all of them."""
    groups_by_alias: dict[str, list[str]] = {}
    for organisation, group in sorted(groups):
        alias = organisation_alias(territory, organisation)
        groups_by_alias.setdefault(alias, []).append(group)
    return apply_memberships(admin, subject, groups_by_alias)


def take_groups(
    admin: RealmAdmin, territory: str, subject: str, groups: Collection[GivenGroup]
) -> None:
    """Take an account out of groups, and out of an organisation that it joined for them alone."""
    joined = _list_organisations(admin, subject)
    for given in groups:
        alias = organisation_alias(territory, given.organisation)
        if alias not in joined:
            continue
        identifier = joined[alias]
        left = list_member_groups(admin, identifier, subject)
        for group in left:
            if group["name"] == given.group:
                leave_group(admin, identifier, group["id"], subject)
        others = [group for group in left if group["name"] != given.group]
        if given.joined and not others:
            _leave_organisation(admin, identifier, subject)


def _leave_organisation(admin: RealmAdmin, organisation: str, subject: str) -> None:
    """Leave it, unless it manages the account, which would be deleted."""
    member = find_member(admin, organisation, subject)
    if member is not None and member.get("membershipType") != MANAGED:
        find_or_none(admin.organization_user_remove, subject, organisation)


def _list_organisations(admin: RealmAdmin, subject: str) -> dict[str, str]:
    """Identifiers of the organisations of an account, by alias."""
    organisations = find_or_none(admin.get_user_organizations, subject) or []
    return {organisation["alias"]: organisation["id"] for organisation in organisations}
