"""The realm of a deployment: who may register, how passwords are, what tokens carry."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from udi.kit.identity import (
    MANAGERS,
    MASTER_REALM,
    MODERATORS,
    PUBLISHERS,
    has_external_keycloak,
)
from udi.kit.passwords import COMMON_PASSWORDS, SHORTEST_PASSWORD
from udi.portal.identity.provision.admin import (
    ProvisionChange,
    RealmAdmin,
    create_or_none,
    difference,
    find_or_none,
    merge_representations,
)
from udi.portal.identity.provision.clients import (
    update_client,
    update_despite_conflicts,
)
from udi.portal.identity.provision.flows import apply_browser_flow
from udi.settings import SMTP_PASSWORD, RelaySecurity, Settings
from udi.ui.locale import LANGUAGES

ROLES = {MANAGERS: "manager", PUBLISHERS: "publisher", MODERATORS: "moderator"}
"""Role that each group of an organisation carries."""

PASSWORDS = (
    f"length({SHORTEST_PASSWORD}) and notUsername(undefined) and notEmail(undefined) and maxLength(128)"
    f" and passwordBlacklist({COMMON_PASSWORDS})"
)
OTP = {
    "otpPolicyType": "totp",
    "otpPolicyAlgorithm": "HmacSHA1",
    "otpPolicyDigits": 6,
    "otpPolicyPeriod": 30,
    "otpPolicyLookAheadWindow": 1,
    "otpPolicyInitialCounter": 0,
}
RULES: dict[str, Any] = {
    "enabled": True,
    "accessTokenLifespan": 300,
    "accessCodeLifespan": 60,
    "ssoSessionIdleTimeout": 1800,
    "ssoSessionMaxLifespan": 36000,
    "revokeRefreshToken": True,
    "refreshTokenMaxReuse": 0,
    "bruteForceProtected": True,
    "failureFactor": 8,
    "passwordPolicy": PASSWORDS,
    "internationalizationEnabled": True,
    "supportedLocales": list(LANGUAGES),
    "defaultLocale": next(iter(LANGUAGES)),
    "registrationAllowed": True,
    "registrationEmailAsUsername": True,
    "loginWithEmailAllowed": True,
    "duplicateEmailsAllowed": False,
    "verifyEmail": True,
    "resetPasswordAllowed": True,
    "eventsEnabled": True,
    "eventsExpiration": 7776000,
    "adminEventsEnabled": True,
    "organizationsEnabled": True,
    "emailTheme": "udi",
    **OTP,
}
GIVEN_REALM_RULES: dict[str, Any] = {
    "organizationsEnabled": True,
    "adminEventsEnabled": True,
    "eventsEnabled": True,
}
"""All that is changed of a realm of others' Keycloak: members are in organisations, and events say who left."""
MAIL_MARK = "udi.smtp"
"""Attribute of the realm: the fingerprint of its relay with the password, which Keycloak does not show."""
VERIFICATION_LINK = {"actionTokenGeneratedByUserLifespan.verify-email": "86400"}
"""Seconds that the link in a mail that verifies an address lives; Keycloak gives 300 to it, and mails are read later."""
MASTER_RULES: dict[str, Any] = {
    "bruteForceProtected": True,
    "failureFactor": 5,
    "passwordPolicy": PASSWORDS,
    "eventsEnabled": True,
    "eventsExpiration": 7776000,
    "adminEventsEnabled": True,
}
"""Of the realm of Keycloak's administrators: whoever makes a human one there is protected as people are."""
COMMAND_LINE = "admin-cli"
CLOSED_COMMAND_LINE = {
    "clientId": COMMAND_LINE,
    "enabled": False,
    "directAccessGrantsEnabled": False,
}
"""A client that Keycloak makes in each realm, which gives tokens for passwords: nothing of ours asks any."""
GROUPS_MAPPER = {
    "name": "organization groups",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-organization-group-membership-mapper",
    "config": {
        "addGroupRoleMappings": "true",
        "access.token.claim": "true",
        "id.token.claim": "false",
        "introspection.token.claim": "true",
    },
}
MEMBERSHIP_MAPPER = "oidc-organization-membership-mapper"
MEMBERSHIP_CONFIG = {"addOrganizationId": "true", "jsonType.label": "JSON"}


def realm_rules(settings: Settings) -> dict[str, Any]:
    """The realm's representation, as wanted."""
    if settings.keycloak_url.startswith("http://"):
        secured = "none"
    else:
        secured = "external"
    return {
        **RULES,
        "realm": settings.identity_realm,
        "smtpServer": mail_server(settings),
        "sslRequired": secured,
    }


def mail_server(settings: Settings) -> dict[str, str]:
    """How Keycloak sends its mails: by the same relay as the programs. A realm has one sender for all territories."""
    server = {
        "host": settings.smtp_host,
        "port": str(settings.relay_port),
        "from": settings.mail_sender or f"no-reply@{settings.installation_host}",
        "fromDisplayName": "Urban Data Interface",
        "ssl": str(settings.smtp_security is RelaySecurity.TLS).lower(),
        "starttls": str(settings.smtp_security is RelaySecurity.STARTTLS).lower(),
        "auth": str(bool(settings.smtp_user)).lower(),
    }
    if settings.smtp_user:
        server["user"] = settings.smtp_user
        server["password"] = settings.secret(SMTP_PASSWORD)
    return server


def _fingerprint(server: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(server, sort_keys=True).encode()).hexdigest()


def apply_realm(admin: RealmAdmin, settings: Settings) -> list[ProvisionChange]:
    """Make the realm, its roles and what its tokens carry as they should be.

    Where others run Keycloak, the realm is theirs: who logs in there and how, its mails and its looks stay as they are.
    """
    if has_external_keycloak(settings):
        return [
            _apply_given_realm(admin),
            *_apply_roles(admin),
            _apply_scope(admin),
            apply_browser_flow(admin, second_factor=settings.second_factor),
        ]
    done = [
        _apply_rules(admin, settings),
        *_apply_roles(admin),
        _apply_scope(admin),
        close_command_line(admin),
    ]
    with admin.in_realm(MASTER_REALM):
        done += [_apply_master(admin), close_command_line(admin)]
    done.append(apply_browser_flow(admin, second_factor=settings.second_factor))
    return done


def _apply_given_realm(admin: RealmAdmin) -> ProvisionChange:
    changes = difference(GIVEN_REALM_RULES, admin.get_realm(admin.realm))
    if changes:
        admin.update_realm(admin.realm, changes)
    return ProvisionChange("realm", admin.realm, "updated" if changes else "unchanged")


def _apply_rules(admin: RealmAdmin, settings: Settings) -> ProvisionChange:
    target = realm_rules(settings)
    existing = find_or_none(admin.get_realm, admin.realm)
    attributes = {**VERIFICATION_LINK, MAIL_MARK: _fingerprint(target["smtpServer"])}
    known = (existing or {}).get("attributes") or {}
    # What is written takes the place of all the attributes.
    target["attributes"] = {**known, **attributes}
    if known.get(MAIL_MARK) == attributes[MAIL_MARK]:
        # Keycloak shows stars for the password, which is the one of the mark.
        target["smtpServer"].pop("password", None)
    if existing is None:
        admin.ensure_realm(target)
        return ProvisionChange("realm", admin.realm, "created")
    changes = difference(target, existing)
    if not changes:
        return ProvisionChange("realm", admin.realm, "unchanged")
    if "smtpServer" in changes:
        changes["smtpServer"] = mail_server(settings)
    # Keycloak ignores part of an OTP policy, and breaks enrolment with another part.
    if OTP.keys() & changes.keys():
        changes |= OTP
    admin.update_realm(admin.realm, changes)
    return ProvisionChange("realm", admin.realm, "updated")


def _apply_master(master: RealmAdmin) -> ProvisionChange:
    """Change what differs."""

    def read() -> Mapping[str, Any]:
        return master.get_realm(MASTER_REALM)

    def update(current: Mapping[str, Any]) -> None:
        master.update_realm(MASTER_REALM, difference(MASTER_RULES, current))

    changed = update_despite_conflicts(
        f"the realm {MASTER_REALM}", MASTER_RULES, read(), read, update
    )
    return ProvisionChange("realm", MASTER_REALM, "updated" if changed else "unchanged")


def close_command_line(admin: RealmAdmin) -> ProvisionChange:
    """Let nobody exchange a password for a token by the client that Keycloak makes for its own command line."""
    client = admin.find_client(COMMAND_LINE)
    changed = client is not None and update_client(admin, CLOSED_COMMAND_LINE, client)
    return ProvisionChange(
        "client",
        f"{COMMAND_LINE} of {admin.realm}",
        "updated" if changed else "unchanged",
    )


def _apply_roles(admin: RealmAdmin) -> list[ProvisionChange]:
    existing_names = {role["name"] for role in admin.get_realm_roles()}
    changes = []
    for name in ROLES.values():
        if name not in existing_names:
            create_or_none(admin.create_realm_role, {"name": name})
        changes.append(
            ProvisionChange(
                "role", name, "unchanged" if name in existing_names else "created"
            )
        )
    return changes


def _apply_scope(admin: RealmAdmin) -> ProvisionChange:
    """The scope `organization`: identifiers, groups and roles in the access token."""
    scope = next(
        scope for scope in admin.get_client_scopes() if scope["name"] == "organization"
    )
    by_kind = {
        mapper["protocolMapper"]: mapper for mapper in scope.get("protocolMappers", [])
    }
    changed = False
    membership = by_kind[MEMBERSHIP_MAPPER]
    if difference(MEMBERSHIP_CONFIG, membership["config"]):
        admin.update_mapper_in_client_scope(
            scope["id"],
            membership["id"],
            merge_representations(membership, {"config": MEMBERSHIP_CONFIG}),
        )
        changed = True
    groups = by_kind.get(str(GROUPS_MAPPER["protocolMapper"]))
    if groups is None:
        admin.add_mapper_to_client_scope(scope["id"], GROUPS_MAPPER)
        changed = True
    elif difference(GROUPS_MAPPER, groups):
        admin.update_mapper_in_client_scope(
            scope["id"], groups["id"], merge_representations(groups, GROUPS_MAPPER)
        )
        changed = True
    return ProvisionChange(
        "scope", "organization", "updated" if changed else "unchanged"
    )
