"""Identity services of others at our own: a territory's providers, their mappers, its domains and links."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from udi.kit.login_providers import claim_attribute, provider_alias
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    Outcome,
    ProvisionChange,
    RealmAdmin,
    create_or_none,
    difference,
)
from udi.portal.identity.provision.flows import apply_provider_flow
from udi.portal.identity.provision.organisations import TERRITORY
from udi.portal.identity.provision.provider_metadata import ProviderMetadata
from udi.portal.tenants.toml.schema import ProviderPart
from udi.settings import Settings

MARK = "udi.state"
"""In a provider's configuration: a digest of it with the secret, which Keycloak does not show."""
DOMAIN = "kc.org.domain"
ROUTING = "kc.org.broker.redirect.mode.email-matches"
FIRST_LOGIN = "first broker login"
SCOPES = {
    "proconnect": "openid given_name usual_name email siret uid idp_id",
    "franceconnect": "openid given_name email",
    "oidc": "openid profile email",
}
EXTRA_PARAMETERS = {"franceconnect": {"acr_values": "eidas1"}}
"""Which a provider wants at each login."""
LAST_NAME = {"proconnect": "usual_name"}
STANDARD_NAMES = {"first_name": "given_name", "last_name": "family_name"}
"""Claims that hold a name where nothing else is said (OpenID Connect Core, 5.1)."""
SAML_NAMES = {
    "email": "urn:oid:0.9.2342.19200300.100.1.3",
    "first_name": "urn:oid:2.5.4.42",
    "last_name": "urn:oid:2.5.4.4",
}
"""Attributes of a SAML assertion, as directories name them (RFC 4519)."""
ACCOUNT_ATTRIBUTES = {
    "email": "email",
    "first_name": "firstName",
    "last_name": "lastName",
}
ALWAYS = "FORCE"
ONCE = "IMPORT"
"""When what a provider says is taken: at each login, or at the first."""
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
Mapper = dict[str, Any]


def secret_file(territory: str, name: str) -> str:
    """Name of the file, in the folder of secrets, with the secret that a provider gave to a territory."""
    return f"login_{territory}_{name}"


def apply_providers(
    admin: RealmAdmin,
    settings: Settings,
    territory: str,
    parts: Sequence[ProviderPart],
    metadata: Mapping[str, ProviderMetadata],
) -> list[ProvisionChange]:
    """Make the providers of a territory (its slug); one that is not among them any more is disabled.

    `metadata` by name. The organisation of the territory must be there.
    """
    existing = _list_providers(admin, territory)
    if not parts and not existing:
        return []
    flow = apply_provider_flow(admin, second_factor=settings.second_factor)
    attributes = {
        claim_attribute(provider_alias(territory, part.name), rule.claim)
        for part in parts
        for rule in part.groups
    }
    _declare_attributes(admin, attributes)
    organisation = _apply_domains(
        admin, territory, [part.domain for part in parts if part.domain]
    )
    changes = []
    for part in parts:
        alias = provider_alias(territory, part.name)
        secret = ""
        if part.kind != "saml":
            secret = settings.secret(secret_file(territory, part.name))
        target = describe_provider(
            settings, territory, part, metadata[part.name], secret, flow
        )
        outcome = _apply_provider(
            admin, target, existing.get(alias), secret, organisation
        )
        if _apply_mappers(admin, alias, describe_mappers(alias, part)):
            outcome = "updated" if outcome == "unchanged" else outcome
        changes.append(ProvisionChange("login provider", alias, outcome))
    named = {provider_alias(territory, part.name) for part in parts}
    gone = sorted(existing.keys() - named)
    return [*changes, *(_disable(admin, existing[alias]) for alias in gone)]


def _list_providers(admin: RealmAdmin, territory: str) -> dict[str, dict[str, Any]]:
    providers = admin.get("identity-provider/instances", max=EVERYTHING) or []
    return {
        provider["alias"]: provider
        for provider in providers
        if provider["alias"].startswith(provider_alias(territory, ""))
    }


def describe_provider(
    settings: Settings,
    territory: str,
    part: ProviderPart,
    metadata: ProviderMetadata,
    secret: str,
    flow: str,
) -> dict[str, Any]:
    """A provider as Keycloak is to have it, without its secret."""
    if part.kind == "saml":
        config = _saml_config(settings, part, metadata)
    else:
        config = _openid_config(part, metadata)
    if part.domain:
        config |= {DOMAIN: part.domain, ROUTING: "true"}
    content = json.dumps([config, secret], sort_keys=True)
    config[MARK] = hashlib.sha256(content.encode()).hexdigest()[:16]
    return {
        "alias": provider_alias(territory, part.name),
        "providerId": "saml" if part.kind == "saml" else "oidc",
        "displayName": next(iter(part.label.values()), part.name),
        "enabled": True,
        "trustEmail": part.verified_addresses,
        "hideOnLogin": True,
        "firstBrokerLoginFlowAlias": FIRST_LOGIN,
        "postBrokerLoginFlowAlias": flow,
        "config": config,
    }


def _openid_config(part: ProviderPart, metadata: ProviderMetadata) -> dict[str, str]:
    config = dict(metadata.config)
    if parameters := EXTRA_PARAMETERS.get(part.kind):
        mark = "&" if "?" in config["authorizationUrl"] else "?"
        config["authorizationUrl"] += mark + urlencode(parameters)
    return {
        **config,
        "clientId": part.client_id or "",
        "clientAuthMethod": "client_secret_post",
        "defaultScope": SCOPES[part.kind],
        "syncMode": _address_sync_mode(part),
        "sendIdTokenOnLogout": "true",
    }


def _saml_config(
    settings: Settings, part: ProviderPart, metadata: ProviderMetadata
) -> dict[str, str]:
    return {
        **metadata.config,
        "entityId": part.client_id or settings.issuer,
        "principalType": "SUBJECT",
        "nameIDPolicyFormat": PERSISTENT,
        "allowCreate": "true",
        "validateSignature": "true",
        "wantAssertionsSigned": "true",
        "syncMode": _address_sync_mode(part),
    }


def _address_sync_mode(part: ProviderPart) -> str:
    """When the address of an account is taken from the provider.

    Keycloak compares an address with the domain at the first login only. Whoever is believed gives none later.
    """
    return ONCE if part.verified_addresses else ALWAYS


def describe_mappers(alias: str, part: ProviderPart) -> list[Mapper]:
    """What of a provider's claims becomes an attribute of the account, and when."""
    sources = {
        "email": part.claims.email,
        "first_name": part.claims.first_name,
        "last_name": part.claims.last_name or LAST_NAME.get(part.kind, ""),
    }
    if part.kind == "saml":
        sources = {name: source or SAML_NAMES[name] for name, source in sources.items()}
    elif part.verified_addresses:
        # Keycloak brings no name either where it brings the address once.
        sources = {
            name: source or STANDARD_NAMES.get(name, "")
            for name, source in sources.items()
        }
    modes = {"email": _address_sync_mode(part)}
    mappers = [
        _attribute_mapper(
            alias, part.kind, source, ACCOUNT_ATTRIBUTES[name], modes.get(name, ALWAYS)
        )
        for name, source in sources.items()
        if source
    ]
    claims = sorted({rule.claim for rule in part.groups})
    return mappers + [
        _attribute_mapper(alias, part.kind, claim, claim_attribute(alias, claim))
        for claim in claims
    ]


def _attribute_mapper(
    alias: str, kind: str, source: str, attribute: str, mode: str = ALWAYS
) -> Mapper:
    if kind == "saml":
        mapper = "saml-user-attribute-idp-mapper"
        names = {"attribute.name": source}
    else:
        mapper = "oidc-user-attribute-idp-mapper"
        names = {"claim": _escape_claim(source)}
    return {
        "name": f"udi {attribute}",
        "identityProviderAlias": alias,
        "identityProviderMapper": mapper,
        "config": {"syncMode": mode, **names, "user.attribute": attribute},
    }


def _escape_claim(claim: str) -> str:
    """A dot is a step into an object (`realm_access.roles`), but in a claim that is an address or a URN."""
    if ":" in claim or "/" in claim:
        return claim.replace(".", "\\.")
    return claim


def _apply_provider(
    admin: RealmAdmin,
    target: Mapping[str, Any],
    existing: Mapping[str, Any] | None,
    secret: str,
    organisation: str,
) -> Outcome:
    """The link to the organisation comes before the domain that it is led by."""
    alias = str(target["alias"])
    secrets = {"clientSecret": secret} if secret else {}
    config = {**target["config"], **secrets}
    outcome: Outcome = "unchanged"
    if existing is None:
        unrouted = {
            key: value
            for key, value in config.items()
            if key not in {DOMAIN, ROUTING, MARK}
        }
        create_or_none(admin.create_idp, {**target, "config": unrouted})
        outcome = "created"
    if DOMAIN in config and not (existing or {}).get("organizationId"):
        create_or_none(admin.organization_idp_add, organisation, alias)
        existing = None
    if existing is None:
        existing = admin.get(_address(alias))
    if difference(target, existing):
        admin.put(_address(alias), {**existing, **target, "config": config})
        if outcome == "unchanged":
            outcome = "updated"
    return outcome


def _apply_mappers(admin: RealmAdmin, alias: str, targets: Sequence[Mapper]) -> bool:
    path = f"{_address(alias)}/mappers"
    existing = {mapper["name"]: mapper for mapper in admin.get(path) or []}
    changed = False
    for target in targets:
        known = existing.pop(target["name"], None)
        if known is None:
            admin.post(path, target)
        elif difference(target, known):
            admin.put(f"{path}/{known['id']}", {**known, **target})
        else:
            continue
        changed = True
    for name, mapper in existing.items():
        if name.startswith("udi "):
            admin.delete(f"{path}/{mapper['id']}")
            changed = True
    return changed


def _declare_attributes(admin: RealmAdmin, names: set[str]) -> None:
    """Let accounts have these attributes, which only administrators see: Keycloak drops those that it does not know."""
    profile = admin.get("users/profile")
    known = {attribute["name"] for attribute in profile["attributes"]}
    missing = sorted(names - known)
    if missing:
        permissions = {"view": ["admin"], "edit": ["admin"]}
        profile["attributes"] += [
            {"name": name, "permissions": permissions, "multivalued": True}
            for name in missing
        ]
        admin.put("users/profile", profile)


def _apply_domains(admin: RealmAdmin, territory: str, domains: Sequence[str]) -> str:
    """Give its domains to the organisation of a territory; its identifier."""
    organisations = admin.get_organizations(
        {
            "q": f"{TERRITORY}:{territory}",
            "briefRepresentation": False,
            "max": EVERYTHING,
        }
    )
    [organisation] = [
        candidate for candidate in organisations if candidate["alias"] == territory
    ]
    known = {domain["name"] for domain in organisation.get("domains") or []}
    if known != set(domains):
        organisation["domains"] = [
            {"name": name, "verified": False} for name in sorted(domains)
        ]
        admin.update_organization(organisation["id"], organisation)
    return str(organisation["id"])


def find_domain_owner(admin: RealmAdmin, domain: str) -> str:
    """Alias of the organisation that has a domain, in the realm; empty: none has it."""
    for organisation in admin.get_organizations({"search": domain, "exact": True}):
        for known in organisation.get("domains") or []:
            if known["name"] == domain:
                return str(organisation["alias"])
    return ""


def _disable(admin: RealmAdmin, provider: Mapping[str, Any]) -> ProvisionChange:
    """Nobody logs in through it any more; accounts that came by it stay."""
    outcome: Outcome = "unchanged"
    if provider.get("enabled"):
        config = {
            key: value
            for key, value in provider["config"].items()
            if key not in {DOMAIN, ROUTING, MARK}
        }
        disabled = {**provider, "enabled": False, "config": config}
        admin.put(_address(provider["alias"]), disabled)
        outcome = "updated"
    return ProvisionChange("disabled login provider", provider["alias"], outcome)


def delete_providers(admin: RealmAdmin, territory: str) -> int:
    """Delete every provider of a territory that leaves for good; how many."""
    aliases = sorted(_list_providers(admin, territory))
    for alias in aliases:
        admin.delete(_address(alias))
    return len(aliases)


def _address(alias: str) -> str:
    return f"identity-provider/instances/{quote(alias)}"
