"""Organisations of the realm: one for the territory, one for each of its legal persons, with groups that carry roles."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udi.kit.errors import ProvisionError
from udi.kit.identity import MANAGERS, MODERATORS, PUBLISHERS
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    Outcome,
    ProvisionChange,
    RealmAdmin,
    create_or_none,
)
from udi.portal.identity.provision.organisation_groups import (
    create_group,
    give_role,
    list_group_roles,
    list_groups,
)
from udi.portal.identity.provision.realm import ROLES

STATE = "udi.state"
TERRITORY = "udi.territory"
SEPARATOR = "--"
"""Between a territory and its organisation; no slug holds it."""


@dataclass(frozen=True)
class DesiredOrganisation:
    """An organisation as it should be; names are unique in the realm, aliases never change."""

    alias: str
    name: str
    groups: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A digest, kept on the organisation: whoever has it needs no further look."""
        content = json.dumps(
            [
                self.alias,
                self.name,
                self.groups,
                [ROLES[group] for group in self.groups],
            ]
        )
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def organisation_alias(territory: str, organisation: str) -> str:
    """How the identity service calls a legal person of a territory; the territory itself, where `organisation` is empty."""
    if not organisation:
        return territory
    return f"{territory}{SEPARATOR}{organisation}"


def find_territory(alias: str) -> str:
    """The territory whose organisation the identity service calls so."""
    return alias.partition(SEPARATOR)[0]


def find_identifiers(admin: RealmAdmin, aliases: Iterable[str]) -> dict[str, str]:
    """The identifiers of organisations that exist, by alias: one call for each territory.

    To list those of the whole realm takes Keycloak minutes where it has thousands: it looks at each, and at all before it.
    """
    unique_aliases = set(aliases)
    return {
        organisation["alias"]: str(organisation["id"])
        for territory in sorted({find_territory(alias) for alias in unique_aliases})
        for organisation in admin.get_organizations(
            {"q": f"{TERRITORY}:{territory}", "max": EVERYTHING}
        )
        if organisation["alias"] in unique_aliases
    }


def desired_organisations(
    slug: str, name: str, organisations: Iterable[tuple[str, str]]
) -> list[DesiredOrganisation]:
    """The territory and its organisations, (slug, name) pairs."""
    listed = list(organisations)
    repeated = Counter(title for _, title in listed)
    legal_persons = [
        (
            organisation_alias(slug, part),
            f"{title} ({slug if repeated[title] == 1 else f'{slug}, {part}'})",
        )
        for part, title in listed
    ]
    return [
        DesiredOrganisation(slug, f"{name} (territory {slug})", (MODERATORS,)),
        *(
            DesiredOrganisation(alias, title, (MANAGERS, PUBLISHERS))
            for alias, title in legal_persons
        ),
    ]


def apply_organisations(
    admin: RealmAdmin,
    slug: str,
    targets: Sequence[DesiredOrganisation],
    *,
    thorough: bool = False,
) -> list[ProvisionChange]:
    """Create or correct organisations, their groups and the roles of these.

    One call when each carries the digest of what is wanted, unless `thorough`: then every group is looked at.
    """
    existing_organisations = admin.get_organizations(
        {"q": f"{TERRITORY}:{slug}", "briefRepresentation": False, "max": EVERYTHING}
    )
    existing_by_alias = {
        organisation["alias"]: organisation for organisation in existing_organisations
    }
    roles: dict[str, Any] = {}
    return [
        ProvisionChange(
            "organisation",
            target.alias,
            _apply(
                admin,
                slug,
                target,
                existing_by_alias.get(target.alias),
                roles,
                thorough=thorough,
            ),
        )
        for target in targets
    ]


def _apply(
    admin: RealmAdmin,
    slug: str,
    target: DesiredOrganisation,
    existing: Any,
    roles: dict[str, Any],
    *,
    thorough: bool,
) -> Outcome:
    if (
        existing
        and not thorough
        and _stored_digest(existing) == target.digest
        and existing["name"] == target.name
        and existing["enabled"]
    ):
        return "unchanged"
    roles.update(roles or _read_roles(admin))
    attributes = {
        **((existing or {}).get("attributes") or {}),
        TERRITORY: [slug],
        STATE: [target.digest],
    }
    body = {
        "name": target.name,
        "alias": target.alias,
        "enabled": True,
        "domains": [],
        "attributes": attributes,
    }
    outcome: Outcome = "unchanged"
    if existing:
        organisation_id = existing["id"]
    else:
        organisation_id = _create(admin, {**body, "attributes": {TERRITORY: [slug]}})
    if _apply_groups(admin, organisation_id, target.groups, roles):
        outcome = "updated"
    if (
        existing is None
        or _stored_digest(existing) != target.digest
        or existing["name"] != target.name
        or not existing["enabled"]
    ):
        # The mark comes last: what stopped half-way is taken up again.
        admin.update_organization(
            organisation_id,
            {**body, "id": organisation_id, **_preserved_fields(existing)},
        )
        outcome = "updated"
    if existing:
        return outcome
    return "created"


def _preserved_fields(existing: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        key: existing[key]
        for key in ("domains", "redirectUrl", "description")
        if existing and existing.get(key)
    }


def _stored_digest(existing: Mapping[str, Any]) -> str:
    marks = (existing.get("attributes") or {}).get(STATE) or [""]
    return str(marks[0])


def _read_roles(admin: RealmAdmin) -> dict[str, Any]:
    roles = admin.get_realm_roles()
    return {role["name"]: {"id": role["id"], "name": role["name"]} for role in roles}


def _create(admin: RealmAdmin, body: Mapping[str, Any]) -> str:
    created = create_or_none(admin.create_organization, dict(body))
    if created is not None:
        return created
    namesakes = admin.get_organizations({"search": body["name"], "exact": True})
    adopted = next(
        (
            organisation["id"]
            for organisation in namesakes
            or admin.get_organizations({"max": EVERYTHING})
            if organisation["alias"] == body["alias"]
        ),
        None,
    )
    if adopted is None:
        msg = f"The name «{body['name']}» belongs to another organisation of the realm: give {body['alias']} another."
        raise ProvisionError(msg)
    return str(adopted)


def _apply_groups(
    admin: RealmAdmin,
    organisation_id: str,
    groups: Sequence[str],
    roles: Mapping[str, Any],
) -> bool:
    ids_by_name = {
        group["name"]: group["id"] for group in list_groups(admin, organisation_id)
    }
    changed = False
    for name in groups:
        role = roles[ROLES[name]]
        if name in ids_by_name:
            group = ids_by_name[name]
            carried = list_group_roles(admin, organisation_id, group)
        else:
            group = create_group(admin, organisation_id, name)
            carried = []
        if role["name"] not in {mapped_role["name"] for mapped_role in carried}:
            give_role(admin, organisation_id, group, role)
            changed = True
    return changed
