"""Organisations of the realm: one for the territory, one for each of its legal persons, with groups that carry roles."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udi.kit.errors import ProvisionError
from udi.kit.identity import MANAGERS, MODERATORS, PUBLISHERS
from udi.portal.identity.provision.admin import EVERYTHING, Admin, Change, Outcome
from udi.portal.identity.provision.realm import ROLES

STATE, TERRITORY = "udi.state", "udi.territory"


@dataclass(frozen=True)
class Wanted:
    """An organisation as it should be; names are unique in the realm, aliases never change."""

    alias: str
    name: str
    groups: tuple[str, ...]

    @property
    def state(self) -> str:
        """A digest, kept on the organisation: whoever has it needs no further look."""
        content = json.dumps([self.alias, self.name, self.groups, [ROLES[group] for group in self.groups]])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def organisation_alias(territory: str, organisation: str) -> str:
    """How the identity service calls a legal person of a territory."""
    return f"{territory}--{organisation}"


def wanted_organisations(slug: str, name: str, organisations: Iterable[tuple[str, str]]) -> list[Wanted]:
    """The territory and its organisations, (slug, name) pairs."""
    listed = list(organisations)
    repeated = Counter(title for _, title in listed)
    legal_persons = [
        (organisation_alias(slug, part), f"{title} ({slug if repeated[title] == 1 else f'{slug}, {part}'})")
        for part, title in listed
    ]
    return [
        Wanted(slug, f"{name} (territory {slug})", (MODERATORS,)),
        *(Wanted(alias, title, (MANAGERS, PUBLISHERS)) for alias, title in legal_persons),
    ]


def apply_organisations(admin: Admin, slug: str, wanted: Sequence[Wanted], *, thorough: bool = False) -> list[Change]:
    """Create or correct organisations, their groups and the roles of these.

    One call when each carries the digest of what is wanted, unless `thorough`: then every group is looked at.
    """
    found = admin.get("organizations", q=f"{TERRITORY}:{slug}", briefRepresentation=False, max=EVERYTHING)
    known = {organisation["alias"]: organisation for organisation in found}
    roles: dict[str, Any] = {}
    return [
        Change("organisation", each.alias, _apply(admin, slug, each, known.get(each.alias), roles, thorough=thorough))
        for each in wanted
    ]


def _apply(admin: Admin, slug: str, wanted: Wanted, known: Any, roles: dict[str, Any], *, thorough: bool) -> Outcome:
    if known and not thorough and _mark(known) == wanted.state and known["name"] == wanted.name and known["enabled"]:
        return "unchanged"
    roles.update(roles or _read_roles(admin))
    attributes = {**((known or {}).get("attributes") or {}), TERRITORY: [slug], STATE: [wanted.state]}
    body = {"name": wanted.name, "alias": wanted.alias, "enabled": True, "domains": [], "attributes": attributes}
    outcome: Outcome = "unchanged"
    organisation_id = known["id"] if known else _create(admin, {**body, "attributes": {TERRITORY: [slug]}})
    if _apply_groups(admin, organisation_id, wanted.groups, roles):
        outcome = "updated"
    if known is None or _mark(known) != wanted.state or known["name"] != wanted.name or not known["enabled"]:
        # The mark comes last: what stopped half-way is taken up again.
        admin.put(f"organizations/{organisation_id}", {**body, "id": organisation_id, **_kept(known)})
        outcome = "updated"
    return outcome if known else "created"


def _kept(known: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: known[key] for key in ("domains", "redirectUrl", "description") if known and known.get(key)}


def _mark(known: Mapping[str, Any]) -> str:
    marks = (known.get("attributes") or {}).get(STATE) or [""]
    return str(marks[0])


def _read_roles(admin: Admin) -> dict[str, Any]:
    known = admin.get("roles", briefRepresentation=True, max=1000)
    return {role["name"]: {"id": role["id"], "name": role["name"]} for role in known}


def _create(admin: Admin, body: Mapping[str, Any]) -> str:
    answer = admin.post("organizations", body, conflict=True)
    if answer is not None:
        return str(answer.headers["Location"].rpartition("/")[2])
    everyone = admin.get("organizations", max=EVERYTHING)
    adopted = next((each["id"] for each in everyone if each["alias"] == body["alias"]), None)
    if adopted is None:
        msg = f"The name «{body['name']}» belongs to another organisation of the realm: give {body['alias']} another."
        raise ProvisionError(msg)
    return str(adopted)


def _apply_groups(admin: Admin, organisation_id: str, groups: Sequence[str], roles: Mapping[str, Any]) -> bool:
    path = f"organizations/{organisation_id}/groups"
    known = {group["name"]: group["id"] for group in admin.get(path, max=EVERYTHING)}
    changed = False
    for name in groups:
        role = roles[ROLES[name]]
        if name not in known:
            known[name] = admin.post(path, {"name": name}).json()["id"]
        mappings = f"{path}/{known[name]}/role-mappings/realm"
        if not any(each["name"] == role["name"] for each in admin.get(mappings) or []):
            admin.post(mappings, [role])
            changed = True
    return changed
