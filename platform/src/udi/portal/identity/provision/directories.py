"""Directories of a territory (LDAP, Active Directory) at our identity service: user storage that only reads.

A realm asks each of its directories, whatever the territory: so a directory gives the people of its domain and nobody
else, no account that is here already is linked to it, and each address is confirmed by our mail before it opens anything.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from udi.kit.login_providers import provider_alias
from udi.portal.identity.provision.admin import (
    Outcome,
    ProvisionChange,
    RealmAdmin,
    RefusedCallError,
    difference,
)
from udi.portal.identity.provision.providers import find_domain_owner, secret_file
from udi.portal.tenants.files import TenantFault, TenantFolder
from udi.portal.tenants.toml.schema import DirectoryPart
from udi.settings import MissingSecretError, Settings

STORAGE = "org.keycloak.storage.UserStorageProvider"
MAPPER = "org.keycloak.storage.ldap.mappers.LDAPStorageMapper"
ATTRIBUTE_MAPPER = "user-attribute-ldap-mapper"
MARK = "subType"
"""The field of a component that directories do not use: a digest of the configuration with the secret, which is not shown."""
PATIENCE = "5000"
"""Milliseconds that a login waits for a directory."""
BY_KIND = {
    "ldap": {
        "vendor": "other",
        "rdnLDAPAttribute": "uid",
        "uuidLDAPAttribute": "entryUUID",
        "userObjectClasses": "inetOrgPerson",
    },
    "ad": {
        "vendor": "ad",
        "rdnLDAPAttribute": "cn",
        "uuidLDAPAttribute": "objectGUID",
        "userObjectClasses": "person, organizationalPerson, user",
    },
}
DISABLED_PERSON = "(userAccountControl:1.2.840.113556.1.4.803:=2)"
"""Matches people whom Active Directory has disabled (MS-ADTS, 3.1.1.3.4.4.1)."""
ACCOUNT_ATTRIBUTES = {
    "username": ("mail", "once"),
    "email": ("mail", "once"),
    "firstName": ("givenName", "always"),
    "lastName": ("sn", "always"),
}
"""What of a person becomes what of the account, and whether it is read once or at each login.

An address that changed in the directory changes nothing here: it would be believed without a mail.
"""
Component = dict[str, Any]


def search_filter(part: DirectoryPart) -> str:
    """Who is somebody of a directory: people with an address of its domain."""
    has_address = f"(mail=*@{part.domain})"
    if part.kind == "ad":
        return f"(&{has_address}(!{DISABLED_PERSON}))"
    return has_address


def describe_directory(
    territory: str, part: DirectoryPart, secret: str
) -> dict[str, Any]:
    """A directory as Keycloak is to have it, without its secret."""
    config = {
        **BY_KIND[part.kind],
        "enabled": "true",
        "priority": "10",
        "editMode": "READ_ONLY",
        "importEnabled": "true",
        "syncRegistrations": "false",
        "trustEmail": "false",
        "fullSyncPeriod": "-1",
        "changedSyncPeriod": "-1",
        "usernameLDAPAttribute": "mail",
        "connectionUrl": part.address,
        "usersDn": part.people,
        "searchScope": "2",
        "customUserSearchFilter": search_filter(part),
        "authType": "simple",
        "bindDn": part.bind_dn,
        "startTls": "false",
        "useTruststoreSpi": "always",
        "connectionPooling": "true",
        "connectionTimeout": PATIENCE,
        "readTimeout": PATIENCE,
        "pagination": "true",
        "allowKerberosAuthentication": "false",
        "useKerberosForPasswordAuthentication": "false",
    }
    content = json.dumps([config, secret], sort_keys=True)
    return {
        MARK: hashlib.sha256(content.encode()).hexdigest()[:16],
        "name": provider_alias(territory, part.name),
        "providerId": "ldap",
        "providerType": STORAGE,
        "config": {key: [value] for key, value in config.items()},
    }


def apply_directories(
    admin: RealmAdmin,
    settings: Settings,
    territory: str,
    parts: Sequence[DirectoryPart],
) -> list[ProvisionChange]:
    """Make the directories of a territory (its slug); one that is not among them any more is disabled."""
    existing = _list_directories(admin, territory)
    changes = []
    for part in parts:
        secret = settings.secret(secret_file(territory, part.name))
        target = describe_directory(territory, part, secret)
        name = target["name"]
        outcome = _apply_component(admin, target, existing.pop(name, None), secret)
        changes.append(ProvisionChange("directory", name, outcome))
    return [*changes, *disable_directories(admin, existing.values())]


def _apply_component(
    admin: RealmAdmin, target: Component, existing: Component | None, secret: str
) -> Outcome:
    config = {**target["config"], "bindCredential": [secret]}
    outcome: Outcome = "unchanged"
    if existing is None:
        admin.post("components", {**target, "config": config})
        outcome = "created"
        existing = _find_component(admin, target["name"])
    elif difference(target, existing):
        body = {**existing, **target, "config": {**existing["config"], **config}}
        admin.put(_address(existing), body)
        outcome = "updated"
    if _apply_mappers(admin, existing) and outcome == "unchanged":
        outcome = "updated"
    return outcome


def _apply_mappers(admin: RealmAdmin, directory: Component) -> bool:
    """Read each attribute where we say; Keycloak makes mappers of its own with a directory. Whether something changed."""
    mappers = admin.get("components", parent=directory["id"], type=MAPPER)
    existing = {
        mapper["config"]["user.model.attribute"][0]: mapper
        for mapper in mappers
        if mapper["providerId"] == ATTRIBUTE_MAPPER
        and mapper["config"].get("user.model.attribute")
    }
    changed = False
    for attribute, (source, when) in ACCOUNT_ATTRIBUTES.items():
        target = _describe_mapper(directory, attribute, source, when)
        known = existing.get(attribute)
        if known is None:
            admin.post("components", {"name": f"udi {attribute}", **target})
        elif difference(target, known):
            config = {**known["config"], **target["config"]}
            admin.put(_address(known), {**known, **target, "config": config})
        else:
            continue
        changed = True
    return changed


def _describe_mapper(
    directory: Component, attribute: str, source: str, when: str
) -> Component:
    config = {
        "ldap.attribute": source,
        "user.model.attribute": attribute,
        "read.only": "true",
        "always.read.value.from.ldap": "true" if when == "always" else "false",
        "is.mandatory.in.ldap": "false",
    }
    return {
        "providerId": ATTRIBUTE_MAPPER,
        "providerType": MAPPER,
        "parentId": directory["id"],
        "config": {key: [value] for key, value in config.items()},
    }


def disable_territory_directories(
    admin: RealmAdmin, territory: str
) -> list[ProvisionChange]:
    """Disable every directory of a territory that leaves; to delete one would delete the accounts of its people."""
    return disable_directories(admin, _list_directories(admin, territory).values())


def disable_directories(
    admin: RealmAdmin, directories: Iterable[Component]
) -> list[ProvisionChange]:
    """Nobody logs in by them any more; the accounts of their people stay, and are closed."""
    changes = []
    for directory in sorted(directories, key=lambda component: component["name"]):
        outcome: Outcome = "unchanged"
        if directory["config"].get("enabled") != ["false"]:
            config = {**directory["config"], "enabled": ["false"]}
            admin.put(_address(directory), {**directory, MARK: "", "config": config})
            outcome = "updated"
        changes.append(
            ProvisionChange("disabled directory", directory["name"], outcome)
        )
    return changes


def _list_directories(admin: RealmAdmin, territory: str) -> dict[str, Component]:
    return {
        component["name"]: component
        for component in _list_components(admin)
        if component["name"].startswith(provider_alias(territory, ""))
    }


def _list_components(admin: RealmAdmin) -> list[Component]:
    """Every directory of the realm; none while there is no realm."""
    return admin.get("components", type=STORAGE) or []


def _find_component(admin: RealmAdmin, name: str) -> Component:
    [component] = admin.get("components", type=STORAGE, name=name)
    return dict(component)


def _address(component: Mapping[str, Any]) -> str:
    return f"components/{quote(component['id'])}"


def list_directory_owners(admin: RealmAdmin, domain: str) -> set[str]:
    """The territories (their slugs) of which a directory gives the people of a domain."""
    owners = set()
    for component in _list_components(admin):
        config = component["config"]
        filters = config.get("customUserSearchFilter") or [""]
        is_enabled = config.get("enabled") != ["false"]
        if is_enabled and f"(mail=*@{domain})" in filters[0]:
            owners.add(component["name"].partition("--")[0])
    return owners


def check_directories(
    admin: RealmAdmin, settings: Settings, folder: TenantFolder
) -> list[TenantFault]:
    """What is wrong with the directories of a territory's files, before anything is applied."""
    faults = []
    for number, part in enumerate(folder.file.login.directory, 1):
        where = f"login.directory[{number}]"
        faults += _check_domain(admin, folder.slug, part, where)
        if fault := check_directory(admin, settings, folder.slug, part, where):
            faults.append(fault)
    return faults


def check_directory(
    admin: RealmAdmin,
    settings: Settings,
    territory: str,
    part: DirectoryPart,
    where: str,
) -> TenantFault | None:
    """Have Keycloak connect to a directory and log in as our account there; the fault, None without."""
    file = secret_file(territory, part.name)
    try:
        secret = settings.secret(file)
    except MissingSecretError:
        return TenantFault(
            "tenant.toml",
            f"{where}.bind_dn",
            f"the secret «{file}» is absent.",
            f"Give the play the password of this account as «{file}» of `secrets_login_providers`, and run it; with `udi up`, write the file.",
        )
    if not _answers(admin, part, secret, "testConnection"):
        return TenantFault(
            "tenant.toml",
            f"{where}.address",
            f"{part.address} does not answer Keycloak, or its certificate is not trusted.",
            "Correct the address, or have the directory let our machine in; then apply again.",
        )
    if not _answers(admin, part, secret, "testAuthentication"):
        return TenantFault(
            "tenant.toml",
            f"{where}.bind_dn",
            f"{part.address} refuses this account with its password.",
            f"Correct it, or the file «{file}» in the folder of secrets; then apply again.",
        )
    return None


def _answers(admin: RealmAdmin, part: DirectoryPart, secret: str, action: str) -> bool:
    """Whether Keycloak reaches a directory; asked of the administrator's realm, which is there before ours."""
    trial = {
        "action": action,
        "connectionUrl": part.address,
        "authType": "simple",
        "bindDn": part.bind_dn,
        "bindCredential": secret,
        "useTruststoreSpi": "always",
        "connectionTimeout": PATIENCE,
        "startTls": "false",
    }
    with admin.in_realm(admin.administrators_realm):
        try:
            admin.post("testLDAPConnection", trial)
        except RefusedCallError:
            return False
    return True


def _check_domain(
    admin: RealmAdmin, territory: str, part: DirectoryPart, where: str
) -> list[TenantFault]:
    """A domain is of one territory: of its organisation, by a provider, or of a directory."""
    if admin.get("") is None:
        return []
    owners = {
        find_domain_owner(admin, part.domain).partition("--")[0],
        *list_directory_owners(admin, part.domain),
    }
    others = sorted(owners - {"", territory})
    if not others:
        return []
    return [
        TenantFault(
            "tenant.toml",
            f"{where}.domain",
            f"{part.domain} belongs to the territory «{others[0]}».",
            "A domain leads to one territory: have the other give it up.",
        )
    ]
